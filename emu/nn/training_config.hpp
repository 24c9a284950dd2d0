#pragma once
/// What a training run is: the contents of configs/training/*.json, read strictly and written back complete.
/// Every complaint names the file and the JSON pointer. configs/schemas/training.schema.json says the same
/// for editors; what only the reader can judge (shapes, bounds, duplicate names) is checked here.

#include "emu/data/data_set.hpp"
#include "emu/nn/tensor.hpp"
#include "traces/base/strict_json.hpp"
#include "traces/format/record.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::emu {

/// SGD with momentum; the weight decay acts on weights and biases alike.
struct OptimizerConfig {
  double momentum = 0, weight_decay = 0;  ///< rounded to fp32 before use
};

enum class Schedule : std::uint8_t { linear, step };

struct LearningRateConfig {
  Schedule schedule = Schedule::linear;
  double from = 0;
  double to = 0;           ///< linear: reached after the last step
  double factor = 1;       ///< step: multiplied in every `every` epochs
  std::int64_t every = 1;  ///< step: epochs
};

enum class ForwardRule : std::uint8_t { sawb, none };
enum class GradientRule : std::uint8_t { luq, nearest, none };

struct QuantizeConfig {
  ForwardRule forward = ForwardRule::sawb;
  GradientRule gradient = GradientRule::luq;
  unsigned random_bits = 16;                   ///< luq
  traces::Alpha alpha = traces::Alpha::exact;  ///< luq, nearest
  unsigned samples = 1;                        ///< luq
};

/// The three ways that comparisons put side by side: no quantizers, the paper's, and its control without
/// randomness.
enum class Recipe : std::uint8_t { fp32, luq, nearest };
inline constexpr std::array<std::string_view, 3> recipe_words = {"fp32", "luq", "nearest"};
std::string_view name_of(Recipe recipe);
std::optional<Recipe> recipe_named(std::string_view name);

enum class LayerWord : std::uint8_t { conv2d, linear, relu };
enum class Precision : std::uint8_t { fp32, quantized };

/// Layer ids number all layers of the config from 0, in order.
struct LayerConfig {
  LayerWord kind = LayerWord::relu;
  std::string name;  ///< "" for relu
  Precision precision = Precision::fp32;
  /// Found from the layers before it: sizes of one sample, and for conv2d and linear the geometry of a batch
  /// of one (a linear layer has kernel 1x1 and height = width = 1).
  Extent input, output;
  traces::Geometry geometry;
  bool unsigned_input = false;  ///< the layer before it is a relu: its input is never negative
  bool has_parameters() const { return kind != LayerWord::relu; }
};

struct TrainingConfig {
  std::string name;
  DataConfig data;
  std::uint32_t seed = 1;
  std::int64_t epochs = 1, batch = 1, evaluation_batch = 1;
  OptimizerConfig optimizer;
  LearningRateConfig learning_rate;
  QuantizeConfig quantize;
  std::vector<LayerConfig> layers;
};

inline constexpr std::int64_t most_epochs = 100'000;
inline constexpr std::int64_t most_batch = 65'536;
/// One sample of the data set.
inline constexpr Extent image_extent = {1, image_height, image_width};

/// Refuses unknown keys, wrong types, values out of range, layers that do not fit each other, and products
/// whose worst case leaves int32.
TrainingConfig read_training_config(const traces::JsonNode& root);

/// The complete config: every key, those that were left out too. Reading it gives the same config again.
std::string dump_training_config(const TrainingConfig& config);

/// What a command line may change of a config.
struct TrainingOverrides {
  std::optional<std::uint32_t> seed = {};
  std::optional<std::int64_t> epochs = {};
  std::optional<Recipe> quantize =
      {};  ///< details that the config gives and the recipe has (alpha, ...) stay

  friend bool operator==(const TrainingOverrides&, const TrainingOverrides&) = default;
};
/// Reads the changed config anew, so that its bounds are checked; `name` stands for the file in messages.
TrainingConfig with_overrides(TrainingConfig config, const TrainingOverrides& overrides,
                              const std::string& name);

/// The same geometry for `batch` samples.
traces::Geometry with_batch(traces::Geometry geometry, std::int64_t batch);
/// A conv2d or linear layer's word in a trace.
traces::LayerKind kind_of(const LayerConfig& layer);
/// What quantizes the input of a layer.
traces::Rule input_rule(const LayerConfig& layer);

}  // namespace quatrain::emu
