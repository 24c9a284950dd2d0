#pragma once
/// The records of a trace (trace-format.md, version 1) as plain data. Ids are strings as in manifest.json.

#include "traces/machine.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::traces {

inline constexpr int trace_format_version = 1;
inline constexpr const char* numerics_version = "strict4/1";

using Shape = std::vector<std::int64_t>;
/// Product of the sizes (1 for an empty shape).
std::int64_t element_count(const Shape& shape);
/// "[2, 3, 8]", as JSON has it too.
std::string text_of(const Shape& shape);

enum class Pass : std::uint8_t { train, evaluation };
enum class Maximum : std::uint8_t { measured, hindsight };
enum class LayerKind : std::uint8_t { conv2d, linear };

constexpr std::string_view name_of(Pass pass) {
  switch (pass) {
    case Pass::train:
      return "train";
    case Pass::evaluation:
      return "evaluation";
  }
  return {};
}
constexpr std::string_view name_of(Maximum maximum) {
  switch (maximum) {
    case Maximum::measured:
      return "measured";
    case Maximum::hindsight:
      return "hindsight";
  }
  return {};
}
constexpr std::string_view name_of(LayerKind kind) {
  switch (kind) {
    case LayerKind::conv2d:
      return "conv2d";
    case LayerKind::linear:
      return "linear";
  }
  return {};
}

/// The geometry with the sizes that a layer of this kind leaves open set to 0.
Geometry open_geometry(LayerKind kind, Geometry geometry);

struct TensorRecord {
  std::string file;
  Encoding encoding = Encoding::fp32;
  Shape shape;
  std::uint32_t crc32c = 0;
  friend bool operator==(const TensorRecord&, const TensorRecord&) = default;
};

struct LayerRecord {
  std::uint32_t id = 0;
  std::string name;
  LayerKind kind = LayerKind::conv2d;
  /// Sizes that a layer leaves open are 0: the batch, and of a conv2d its input's and output's height and
  /// width. A linear layer has in_channels = in_features, out_channels = out_features, and 1 for height,
  /// width, kernel.
  Geometry geometry = open_geometry(LayerKind::conv2d, {});
  friend bool operator==(const LayerRecord&, const LayerRecord&) = default;
};

struct QuantizerRecord {
  std::string id;
  std::uint32_t layer = 0, step = 0;
  Pass pass = Pass::train;
  Role role = Role::input;
  Rule rule = Rule::sawb_int4;
  std::optional<std::string> source;
  std::string codes;
  float max = 0, scale = 0;
  QuantizerFacts facts = {};  ///< the kind follows from the rule
  // luq_fp4, nearest_fp4
  std::uint32_t sample = 0;
  unsigned random_bits = 0;
  Alpha alpha = Alpha::exact;
  Maximum maximum = Maximum::measured;
  friend bool operator==(const QuantizerRecord&, const QuantizerRecord&) = default;
};

struct GemmRecord {
  std::uint32_t layer = 0, step = 0;
  Pass pass = Pass::train;
  Phase phase = Phase::forward;
  std::vector<std::string> left, right;  ///< quantizer ids
  unsigned samples = 1;
  Accumulator accumulator = {};
  GemmSize size;
  Shape result_shape;
  float scale = 0;
  std::optional<std::string> accumulators, output;  ///< tensor ids
  std::uint32_t accumulators_crc32c = 0, output_crc32c = 0;
  friend bool operator==(const GemmRecord&, const GemmRecord&) = default;
};

struct Producer {
  std::string name, version;
  friend bool operator==(const Producer&, const Producer&) = default;
};

struct RunRecord {
  std::string model;
  std::uint32_t seed = 0;
  std::optional<std::string> config_sha256;  ///< 64 hexadecimal digits
  std::string note;
  std::string data_sha256 = {};  ///< key x_data_sha256: of the data trained on; "" for none
  friend bool operator==(const RunRecord&, const RunRecord&) = default;
};

struct Manifest {
  Producer producer;
  RunRecord run;
  std::map<std::string, TensorRecord> tensors;
  std::vector<LayerRecord> layers;
  std::vector<QuantizerRecord> quantizers;
  std::vector<GemmRecord> gemms;  ///< in the order of computation

  const LayerRecord& layer(std::uint32_t id) const;               ///< throws Error for an unknown id
  const QuantizerRecord& quantizer(const std::string& id) const;  ///< throws Error for an unknown id

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// The natural shape of X, W or dZ: [batch, channels, height, width] and [out, in / groups, kernel height,
/// kernel width], or [batch, channels] and [out, in] of a linear layer. Z has that of dZ.
Shape natural_shape(LayerKind kind, const Geometry& geometry, Role role);

/// Sizes of a layer between tensors of these natural shapes.
Geometry geometry_of(const LayerRecord& layer, const Shape& input, const Shape& output);

/// Multiply-accumulates of all samples, out-of-range terms counted. Throws Error when they leave 64 bits.
std::uint64_t mac_count(const GemmRecord& gemm);

/// Sizes of the record's tensors: from the layer, the shapes of its first operands and result_shape.
Geometry geometry_of(const LayerRecord& layer, const GemmRecord& gemm, const Shape& left, const Shape& right);
/// The same, with the operands found by their ids. The manifest has been checked.
Geometry geometry_of(const Manifest& manifest, const GemmRecord& gemm);

}  // namespace quatrain::traces
