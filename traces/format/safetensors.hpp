#pragma once
/// The header of a safetensors file (docs/trace-format.md, "Data files"): 8 bytes of little-endian length,
/// JSON, spaces. What stands behind it is the data, whose ranges tile the rest of the file. Traces and
/// checkpoints are such files.

#include "traces/base/files.hpp"
#include "traces/format/record.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quatrain::traces {

enum class StoredType : std::uint8_t { f32, i32, u8 };
constexpr std::string_view name_of(StoredType type) {
  switch (type) {
    case StoredType::f32:
      return "F32";
    case StoredType::i32:
      return "I32";
    case StoredType::u8:
      return "U8";
  }
  return {};
}

/// How a tensor of this encoding and shape stands in a file: 4-bit codes as packed bytes.
StoredType stored_type(Encoding encoding);
Shape stored_shape(Encoding encoding, const Shape& shape);
/// The shape has fewer than 2^31 elements.
std::uint64_t stored_bytes(Encoding encoding, const Shape& shape);

struct StoredTensor {
  std::string id;
  StoredType type = StoredType::u8;
  Shape shape;
  std::uint64_t begin = 0, end = 0;  ///< bytes of the data part
};

/// The strings under __metadata__, in the order of the file.
using SafetensorsMetadata = std::vector<std::pair<std::string, std::string>>;

struct SafetensorsHeader {
  std::uint64_t data_begin = 0;       ///< byte of the file
  std::vector<StoredTensor> tensors;  ///< in the order of their data
  SafetensorsMetadata metadata;       ///< empty where the file has none
};

/// Throws Error unless the header is exactly as the format wants it and tiles `data_bytes`. `name` stands for
/// the file in messages.
SafetensorsHeader parse_safetensors_header(std::string_view json, const std::string& name,
                                           std::uint64_t data_bytes);
SafetensorsHeader read_safetensors_header(const base::InputFile& file);

/// Length and JSON, padded to a multiple of 8 bytes; __metadata__ first, where there is any.
std::string make_safetensors_header(std::span<const StoredTensor> tensors,
                                    const SafetensorsMetadata& metadata = {});

}  // namespace quatrain::traces
