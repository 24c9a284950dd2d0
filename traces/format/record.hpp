#pragma once
/// The records of a trace (trace-format.md, version 1) as plain data. Ids are strings as in manifest.json.

#include "traces/machine.hpp"

#include <array>
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
enum class Role : std::uint8_t { input, weight, gradient };
enum class Maximum : std::uint8_t { measured, hindsight };
enum class LayerKind : std::uint8_t { conv2d, linear };

/// The words of the manifest, in the order of the enumerators.
inline constexpr std::array<std::string_view, 3> phase_words = {"forward", "backward_data",
                                                                "backward_weight"};
inline constexpr std::array<std::string_view, 4> rule_words = {"sawb_int4", "sawb_uint4", "luq_fp4",
                                                               "nearest_fp4"};
inline constexpr std::array<std::string_view, 2> alpha_words = {"exact", "pow2"};
inline constexpr std::array<std::string_view, 2> pass_words = {"train", "evaluation"};
inline constexpr std::array<std::string_view, 3> role_words = {"input", "weight", "gradient"};
inline constexpr std::array<std::string_view, 2> maximum_words = {"measured", "hindsight"};
inline constexpr std::array<std::string_view, 2> layer_kind_words = {"conv2d", "linear"};

std::string_view name_of(Phase phase);
std::string_view name_of(Rule rule);
std::string_view name_of(Alpha alpha);
std::string_view name_of(Pass pass);
std::string_view name_of(Role role);
std::string_view name_of(Maximum maximum);
std::string_view name_of(LayerKind kind);

struct TensorRecord {
  std::string file;
  Encoding encoding = Encoding::fp32;
  Shape shape;
  std::uint32_t crc32c = 0;
  friend bool operator==(const TensorRecord&, const TensorRecord&) = default;
};

/// A linear layer has in_channels = in_features, out_channels = out_features and kernel 1x1.
struct LayerRecord {
  std::uint32_t id = 0;
  std::string name;
  LayerKind kind = LayerKind::conv2d;
  std::int64_t in_channels = 1, out_channels = 1;
  std::int64_t kernel_height = 1, kernel_width = 1, stride_height = 1, stride_width = 1;
  std::int64_t padding_height = 0, padding_width = 0, groups = 1;
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
  // sawb_*
  std::int32_t exponent = 0;
  std::uint64_t count = 0, sum1 = 0, sum2 = 0;
  float clip = 0;
  // luq_fp4, nearest_fp4
  std::uint32_t sample = 0;
  unsigned random_bits = 0;
  Alpha alpha = Alpha::exact;
  Maximum maximum = Maximum::measured;
  float max_used = 0;
  friend bool operator==(const QuantizerRecord&, const QuantizerRecord&) = default;
};

struct GemmRecord {
  std::uint32_t layer = 0, step = 0;
  Pass pass = Pass::train;
  Phase phase = Phase::forward;
  std::vector<std::string> left, right;  ///< quantizer ids
  unsigned samples = 1;
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

/// Sizes of the record's tensors: from the layer, the shapes of its first operands and result_shape.
Geometry geometry_of(const LayerRecord& layer, const GemmRecord& gemm, const Shape& left, const Shape& right);
/// The same, with the operands found by their ids. The manifest has been checked.
Geometry geometry_of(const Manifest& manifest, const GemmRecord& gemm);

}  // namespace quatrain::traces
