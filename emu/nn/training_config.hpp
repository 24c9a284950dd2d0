#pragma once
/// What a training run is: the contents of configs/training/*.json, read strictly and written back complete.
/// Every complaint names the file and the JSON pointer. configs/schemas/training.schema.json says the same
/// for editors; what only the reader can judge (shapes, bounds, duplicate names) is checked here.

#include "emu/data/data_set.hpp"
#include "emu/nn/quantize_config.hpp"
#include "emu/nn/schedule.hpp"
#include "emu/nn/tensor.hpp"
#include "emu/quant/quantizer.hpp"
#include "traces/base/strict_json.hpp"
#include "traces/format/record.hpp"

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

enum class LayerWord : std::uint8_t {
  conv2d,
  linear,
  relu,
  batch_norm,
  add,
  max_pool,
  avg_pool,
  global_avg_pool,
  dropout
};
/// Whether an output can be negative (numerics.md section 5).
enum class OutputSign : std::uint8_t { any, never_negative, as_the_inputs };
struct LayerWordInfo {
  std::string_view word;
  bool multiplies = false;  ///< its weight takes part in the three products
  bool has_parameters = false;
  OutputSign sign = OutputSign::any;
  std::size_t least_inputs = 1, most_inputs = 1;
};
constexpr LayerWordInfo info_of(LayerWord word) {
  switch (word) {
    case LayerWord::conv2d:
      return {.word = "conv2d", .multiplies = true, .has_parameters = true};
    case LayerWord::linear:
      return {.word = "linear", .multiplies = true, .has_parameters = true};
    case LayerWord::relu:
      return {.word = "relu", .sign = OutputSign::never_negative};
    case LayerWord::batch_norm:
      return {.word = "batch_norm", .has_parameters = true};
    case LayerWord::add:
      return {.word = "add", .sign = OutputSign::as_the_inputs, .least_inputs = 2, .most_inputs = 16};
    case LayerWord::max_pool:
      return {.word = "max_pool", .sign = OutputSign::as_the_inputs};
    case LayerWord::avg_pool:
      return {.word = "avg_pool", .sign = OutputSign::as_the_inputs};
    case LayerWord::global_avg_pool:
      return {.word = "global_avg_pool", .sign = OutputSign::as_the_inputs};
    case LayerWord::dropout:
      return {.word = "dropout", .sign = OutputSign::as_the_inputs};
  }
  return {};
}
constexpr std::string_view name_of(LayerWord word) { return info_of(word).word; }

/// What a layer may read that no layer makes: the images of the batch. Its id, and its word in a config.
inline constexpr std::int32_t images_input = -1;
inline constexpr std::string_view images_word = "images";

/// Layer ids number all layers of the config from 0, in order.
struct LayerConfig {
  LayerWord kind = LayerWord::relu;
  std::string name;                       ///< "" where the config gives none; a layer with parameters has one
  std::vector<std::int32_t> inputs = {};  ///< ids of the layers that it reads, or images_input
  Precision precision = Precision::fp32;
  QuantizeConfig quantize;                ///< of a layer that multiplies; the rules have been applied
  bool has_bias = true;                   ///< conv2d, linear
  double epsilon = 1e-5, momentum = 0.1;  ///< batch_norm; rounded to fp32 before use
  double rate = 0;                        ///< dropout: share of the elements that become zero
  /// Found from the layers before it: sizes of one sample (each input has the first one), and the geometry of
  /// a batch of one: of a linear layer with kernel 1x1 and height = width = 1, of a pooling with its channels
  /// as groups.
  Extent input, output;
  traces::Geometry geometry;
  bool unsigned_input = false, unsigned_output = false;  ///< never negative
  bool wants_input_gradient = false;                     ///< a layer before it has parameters

  bool multiplies() const { return info_of(kind).multiplies; }
  bool has_parameters() const { return info_of(kind).has_parameters; }
};

struct TrainingConfig {
  std::string name;
  DataConfig data;
  std::uint32_t seed = 1;
  std::int64_t epochs = 1, batch = 1, evaluation_batch = 1;
  OptimizerConfig optimizer;
  LearningRateConfig learning_rate;
  QuantizePlan quantize;
  std::vector<LayerConfig> layers;
};

inline constexpr std::int64_t most_epochs = 100'000;
inline constexpr std::int64_t most_batch = 65'536;

/// Refuses unknown keys, wrong types, values out of range, layers that do not fit each other, and products
/// whose worst case leaves int32.
TrainingConfig read_training_config(const base::JsonNode& root);

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

/// One sample of the data.
Extent image_extent(const DataConfig& data);

/// The same geometry for `batch` samples.
traces::Geometry with_batch(traces::Geometry geometry, std::int64_t batch);
/// A layer that multiplies, as a trace has it.
traces::LayerKind kind_of(const LayerConfig& layer);
/// What quantizes the input of a layer, where anything does.
traces::Rule input_rule(const LayerConfig& layer);
/// What quantizes an operand of a quantized layer; nothing where it stays fp32.
std::optional<QuantizerConfig> quantizer_of(const LayerConfig& layer, traces::Role role);

}  // namespace quatrain::emu
