#include "traces/format/reader.hpp"

#include "traces/base/error.hpp"
#include "traces/base/files.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/codes_check.hpp"
#include "traces/format/directory.hpp"
#include "traces/format/manifest.hpp"
#include "traces/format/records_check.hpp"

namespace quatrain::traces {

struct TraceReader::State {
  std::filesystem::path directory;
  std::string manifest_sha256;
  Manifest manifest;
  std::map<std::string, TensorPlace> places;

  /// Reads the tensor's bytes into elements of the file's own width and checks their CRC32C.
  template <typename Element>
  std::vector<Element> read(const std::string& id) const {
    const TensorRecord& tensor = manifest.tensors.at(id);
    const TensorPlace& place = places.at(id);
    std::vector<Element> elements(place.bytes / sizeof(Element));
    InputFile(place.file).read(place.offset, {reinterpret_cast<std::uint8_t*>(elements.data()), place.bytes});
    require_crc(id, tensor, place, crc32c(bytes_of(std::span<const Element>(elements))));
    return elements;
  }

  const TensorRecord& tensor(const std::string& id) const {
    const auto found = manifest.tensors.find(id);
    if (found == manifest.tensors.end())
      throw Error("{}: no tensor has the id '{}'", directory.string(), printable(id));
    return found->second;
  }

  void require_encoding(const std::string& id, Encoding encoding) const {
    const Encoding found = tensor(id).encoding;
    if (found != encoding)
      throw Error("{}: tensor '{}' is {}; expected {}", directory.string(), id, name_of(found),
                  name_of(encoding));
  }
};

TraceReader::TraceReader(const std::filesystem::path& directory) : state_(std::make_unique<State>()) {
  const std::vector<std::string> data_files = list_data_files(directory);
  const std::filesystem::path file = directory / manifest_name;
  const std::string text = read_whole_file(file, manifest_limits.bytes);
  state_->directory = directory;
  state_->manifest_sha256 = sha256_hex(text);
  state_->manifest = read_manifest(JsonNode::parse(text, file.string(), manifest_limits));
  state_->places = locate_tensors(directory, data_files, state_->manifest);
  check_records(state_->manifest, file.string());
}

TraceReader::~TraceReader() = default;
TraceReader::TraceReader(TraceReader&&) noexcept = default;

const std::filesystem::path& TraceReader::directory() const { return state_->directory; }
const Manifest& TraceReader::manifest() const { return state_->manifest; }
std::string TraceReader::manifest_sha256() const { return state_->manifest_sha256; }

std::vector<float> TraceReader::read_fp32(const std::string& id) const {
  state_->require_encoding(id, Encoding::fp32);
  return state_->read<float>(id);
}

std::vector<std::int32_t> TraceReader::read_int32(const std::string& id) const {
  state_->require_encoding(id, Encoding::int32);
  return state_->read<std::int32_t>(id);
}

std::vector<std::uint8_t> TraceReader::read_codes(const std::string& id) const {
  const Encoding encoding = state_->tensor(id).encoding;
  if (!is_four_bit(encoding))
    throw Error("{}: tensor '{}' is {}; expected codes", state_->directory.string(), id, name_of(encoding));
  std::vector<std::uint8_t> codes = state_->read<std::uint8_t>(id);
  const TensorPlace& place = state_->places.at(id);
  if (const auto fault = find_used_padding(element_count(state_->tensor(id).shape), codes))
    throw code_error(id, place, *fault);
  if (const auto fault = find_illegal_code(encoding, codes)) throw code_error(id, place, *fault);
  return codes;
}

}  // namespace quatrain::traces
