#include "traces/format/safetensors.hpp"

#include "traces/base/error.hpp"
#include "traces/base/strict_json.hpp"
#include "traces/encoding/nibbles.hpp"
#include "traces/format/manifest.hpp"

#include <algorithm>
#include <array>

namespace quatrain::traces {
namespace {

constexpr std::string_view metadata_key = "__metadata__";
constexpr std::uint64_t length_bytes = 8;
constexpr std::uint64_t most_header_bytes = 100'000'000;  // the limit of the reference implementation too

std::uint64_t bytes_of_type(StoredType type) {
  switch (type) {
    case StoredType::f32:
    case StoredType::i32:
      return 4;
    case StoredType::u8:
      return 1;
  }
  return 0;
}

StoredTensor read_entry(const std::string& id, const base::JsonNode& node) {
  StoredTensor tensor;
  tensor.id = id;
  tensor.type = node.at("dtype").one_of<StoredType>();
  tensor.shape = read_shape(node.at("shape"));
  const std::vector<base::JsonNode> offsets = node.at("data_offsets").items(2, 2);
  tensor.begin = static_cast<std::uint64_t>(offsets[0].integer(0, INT64_MAX));
  tensor.end = static_cast<std::uint64_t>(offsets[1].integer(0, INT64_MAX));
  node.reject_unread_keys();
  const std::uint64_t bytes =
      static_cast<std::uint64_t>(element_count(tensor.shape)) * bytes_of_type(tensor.type);
  if (tensor.end < tensor.begin || tensor.end - tensor.begin != bytes)
    throw node.at("data_offsets")
        .error("found {} to {}; dtype and shape take {} bytes", tensor.begin, tensor.end, bytes);
  return tensor;
}

SafetensorsMetadata read_metadata(const base::JsonNode& node) {
  SafetensorsMetadata metadata;
  for (const auto& [key, value] : node.members()) metadata.emplace_back(key, value.string());
  return metadata;
}

/// Ranges follow one another from 0 to the end, words before bytes.
void require_tiling(const std::vector<StoredTensor>& tensors, const std::string& name,
                    std::uint64_t data_bytes) {
  std::uint64_t expected = 0;
  bool is_behind_bytes = false;
  for (const StoredTensor& tensor : tensors) {
    if (tensor.begin != expected)
      throw base::Error("{}: tensor '{}' begins at byte {} of the data; expected {}, no gap and no overlap",
                        name, base::printable(tensor.id), tensor.begin, expected);
    if (is_behind_bytes && tensor.type != StoredType::u8)
      throw base::Error(
          "{}: tensor '{}' of 4-byte words stands behind one of bytes; expected all words first", name,
          base::printable(tensor.id));
    is_behind_bytes = tensor.type == StoredType::u8;
    expected = tensor.end;
  }
  if (expected != data_bytes)
    throw base::Error("{}: the tensors take {} bytes; found {} behind the header", name, expected,
                      data_bytes);
}

}  // namespace

StoredType stored_type(Encoding encoding) {
  switch (encoding) {
    case Encoding::fp32:
      return StoredType::f32;
    case Encoding::int32:
      return StoredType::i32;
    case Encoding::int4:
    case Encoding::uint4:
    case Encoding::fp4_e3m0:
      break;
  }
  return StoredType::u8;
}

Shape stored_shape(Encoding encoding, const Shape& shape) {
  if (!is_four_bit(encoding)) return shape;
  return {static_cast<std::int64_t>(packed_size(static_cast<std::size_t>(element_count(shape))))};
}

std::uint64_t stored_bytes(Encoding encoding, const Shape& shape) {
  return static_cast<std::uint64_t>(element_count(stored_shape(encoding, shape))) *
         bytes_of_type(stored_type(encoding));
}

SafetensorsHeader parse_safetensors_header(std::string_view json, const std::string& name,
                                           std::uint64_t data_bytes) {
  if (json.substr(0, 1) != "{") throw base::Error("{}: byte 8: the header does not begin with '{{'", name);
  const std::size_t last = json.find_last_not_of(' ');
  if (json[last] != '}')
    throw base::Error("{}: byte {}: the header does not end with '}}' and spaces", name, length_bytes + last);
  const base::JsonNode root = base::JsonNode::parse(json, name + ": header", {.bytes = most_header_bytes, .depth = 64});
  SafetensorsHeader header{.data_begin = length_bytes + json.size(), .tensors = {}, .metadata = {}};
  std::vector<StoredTensor>& tensors = header.tensors;
  for (const auto& [id, node] : root.members(most_header_bytes / 32)) {
    if (id == metadata_key)
      header.metadata = read_metadata(node);
    else
      tensors.push_back(read_entry(id, node));
  }
  if (tensors.empty()) throw base::Error("{}: holds no tensor; expected at least one", name);
  std::sort(tensors.begin(), tensors.end(),
            [](const StoredTensor& a, const StoredTensor& b) { return a.begin < b.begin; });
  require_tiling(tensors, name, data_bytes);
  return header;
}

SafetensorsHeader read_safetensors_header(const base::InputFile& file) {
  const std::string name = file.path().string();
  if (file.size() < length_bytes)
    throw base::Error("{}: ends at byte {}; expected a header's length of 8 bytes", name, file.size());
  std::array<std::uint8_t, length_bytes> little_endian{};
  file.read(0, little_endian);
  std::uint64_t length = 0;
  for (std::size_t i = length_bytes; i-- > 0;) length = length << 8 | little_endian[i];
  if (length > most_header_bytes || length % 8 != 0)
    throw base::Error("{}: byte 0: the header's length is {}; expected a multiple of 8 up to {}", name,
                      length, most_header_bytes);
  const std::uint64_t rest = file.size() - length_bytes;
  if (length > rest)
    throw base::Error("{}: byte 0: the header's length is {}; the file has {} bytes behind it", name, length,
                      rest);
  std::string json(length, '\0');
  file.read(length_bytes, {reinterpret_cast<std::uint8_t*>(json.data()), json.size()});
  return parse_safetensors_header(json, name, rest - length);
}

std::string make_safetensors_header(std::span<const StoredTensor> tensors,
                                    const SafetensorsMetadata& metadata) {
  std::string words, entries;
  for (const auto& [key, word] : metadata)
    words += fmt::format("{}{}:{}", words.empty() ? "" : ",", json_string(key), json_string(word));
  if (!metadata.empty()) entries = fmt::format("\"{}\":{{{}}}", metadata_key, words);
  for (const StoredTensor& tensor : tensors)
    entries += fmt::format("{}{}:{{\"dtype\":\"{}\",\"shape\":{},\"data_offsets\":[{},{}]}}",
                           entries.empty() ? "" : ",", json_string(tensor.id), name_of(tensor.type),
                           text_of(tensor.shape), tensor.begin, tensor.end);
  std::string json = fmt::format("{{{}}}", entries);
  json.resize((json.size() + 7) / 8 * 8, ' ');
  std::string header;
  for (std::size_t i = 0; i < length_bytes; ++i) header += static_cast<char>(json.size() >> (8 * i) & 0xff);
  return header + json;
}

}  // namespace quatrain::traces
