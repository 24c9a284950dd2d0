#include "emu/nn/repeated_step.hpp"

#include "emu/nn/checkpoint.hpp"
#include "emu/nn/training_steps.hpp"
#include "traces/format/checksum.hpp"

#include <array>

namespace quatrain::emu {
namespace {

using traces::Phase;
using traces::Role;
using traces::Shape;
using traces::StoredType;

template <typename Element>
constexpr StoredType type_of() {
  if constexpr (std::is_same_v<Element, float>) return StoredType::f32;
  if constexpr (std::is_same_v<Element, std::int32_t>) return StoredType::i32;
  return StoredType::u8;
}

/// Every tensor of a step.
class Watcher final : public StepObserver, public TensorObserver {
 public:
  Watcher(const TrainingConfig& config, RepeatedStep& step, std::optional<std::size_t> keep)
      : config_(config), step_(step), keep_(keep) {}

  void quantized(const QuantizerEvent& event) override {
    const std::string sample =
        event.role == Role::gradient ? fmt::format(", sample {}", event.sample) : std::string();
    const std::string of = fmt::format("of the {}{}", name_of(event.role), sample);
    const std::string_view phase = event.role == Role::gradient ? "backward" : "forward";
    const std::string name = name_of_layer(static_cast<std::int32_t>(event.layer));
    add<float>(name, phase, "scale " + of, {1}, std::array{event.result.scale});
    add<std::uint8_t>(name, phase, "codes " + of, shape_of(event), event.result.codes);
  }
  void multiplied(const ProductEvent& event) override {
    const std::string name = name_of_layer(static_cast<std::int32_t>(event.layer));
    const std::string_view phase = traces::name_of(event.gemm.phase);
    add<std::int32_t>(name, phase, "accumulators", shape_of(event), event.accumulators);
    add<float>(name, phase, "scale of the product", {1}, std::array{event.scale});
    add<float>(name, phase, "product", shape_of(event), event.output);
  }
  void made(StepPart part, std::int32_t layer, std::string_view name, const Shape& shape,
            std::span<const float> values) override {
    switch (part) {
      case StepPart::images:
        return add<float>("", "batch", "images", shape, values);
      case StepPart::output:
        return add<float>(name_of_layer(layer), "forward", "output", shape, values);
      case StepPart::losses:
        return add<float>("", "loss", "losses", shape, values);
      case StepPart::gradient_by_output:
        return add<float>(name_of_layer(layer), "backward", "gradient by the output", shape, values);
      case StepPart::gradient_by_parameter:
        return add<float>(name_of_layer(layer), "backward", fmt::format("gradient by {}", name), shape,
                          values);
    }
  }
  /// What the step leaves.
  void updated(std::span<const LayerState> layers) {
    for (const LayerState& layer : layers) {
      for (const Parameter* parameter : layer.parameters) {
        const std::string of = parameter->name.substr(0, parameter->name.rfind('.'));
        add<float>(of, "update", "momentum of " + parameter->name, parameter->shape, parameter->momentum);
        add<float>(of, "update", parameter->name, parameter->shape, parameter->value);
      }
      for (const State* state : layer.states)
        add<float>(state->name.substr(0, state->name.rfind('.')), "update", state->name, state->shape,
                   state->value);
    }
  }

 private:
  std::string name_of_layer(std::int32_t id) const {
    const LayerConfig& layer = config_.layers[static_cast<std::size_t>(id)];
    return layer.name.empty() ? fmt::format("{} {}", emu::name_of(layer.kind), id) : layer.name;
  }
  Shape shape_of(const QuantizerEvent& event) const {
    const LayerConfig& layer = config_.layers[event.layer];
    return traces::natural_shape(kind_of(layer), with_batch(layer.geometry, event.batch), event.role);
  }
  Shape shape_of(const ProductEvent& event) const {
    return traces::natural_shape(kind_of(config_.layers[event.layer]), event.gemm.geometry,
                                 result_of(event.gemm.phase));
  }
  /// Whose shape a product has: the output that of its gradient, dX that of X, dW that of W.
  static Role result_of(Phase phase) {
    switch (phase) {
      case Phase::forward:
        return Role::gradient;
      case Phase::backward_data:
        return Role::input;
      case Phase::backward_weight:
        break;
    }
    return Role::weight;
  }
  template <typename Element>
  void add(const std::string& layer, std::string_view phase, std::string name, Shape shape,
           std::span<const Element> values) {
    const std::span<const std::uint8_t> bytes = traces::bytes_of(values);
    if (keep_ == step_.tensors.size()) step_.kept.assign(bytes.begin(), bytes.end());
    traces::Sha256 hash;
    hash.add(bytes);
    step_.tensors.push_back(
        {layer, std::string(phase), std::move(name), type_of<Element>(), std::move(shape), hash.hex()});
  }

  const TrainingConfig& config_;
  RepeatedStep& step_;
  std::optional<std::size_t> keep_;
};

/// The step at which it begins.
std::int64_t begin_at(const RepeatOptions& options, const DataSet& data, TrainingSteps& steps) {
  if (options.checkpoint.empty()) return 0;
  const Checkpoint checkpoint = read_checkpoint(options.checkpoint, steps.network().state());
  if (const std::string sha256 = data_sha256(data.sums);
      !checkpoint.data_sha256.empty() && checkpoint.data_sha256 != sha256)
    throw base::Error("{}: was trained on other data: expected data_sha256 {}, found {} in {}",
                      options.checkpoint.string(), checkpoint.data_sha256, sha256, options.data.string());
  return static_cast<std::int64_t>(checkpoint.step);
}

}  // namespace

RepeatedStep repeat_steps(const RepeatOptions& options, base::Progress& progress) {
  base::ThreadPool pool(options.threads, options.stops);
  const DataSet data = read_data_set(options.data, options.config.data, pool, progress);
  TrainingSteps steps(options.config, data, pool, options.path, options.machine);
  const std::int64_t begin = begin_at(options, data, steps);
  if (begin > options.step || options.step >= steps.per_epoch() * options.config.epochs)
    throw base::Error("step {}: expected a step of the run, at or behind {}", options.step, begin);
  RepeatedStep repeated;
  Watcher watcher(options.config, repeated, options.keep);
  std::vector<float> losses(static_cast<std::size_t>(options.config.batch));
  progress.begin(fmt::format("{}: steps {} to {} again", options.config.name, begin, options.step),
                 static_cast<std::uint64_t>(options.step - begin + 1));
  for (std::int64_t step = begin; step <= options.step; ++step) {
    if (step == begin || step % steps.per_epoch() == 0) steps.begin_epoch(step / steps.per_epoch());
    if (step == options.step) {
      steps.context().observer = &watcher;
      steps.context().tensors = &watcher;
    }
    steps.make_batch(step);
    repeated.losses.push_back(steps.train(step, std::span(losses).first(steps.sample_count(step))));
    repeated.rows.push_back({step, hash_tensors(steps.network().state(), pool)});
    progress.update(static_cast<std::uint64_t>(step - begin + 1));
  }
  progress.finish();
  watcher.updated(steps.network().state());
  return repeated;
}

}  // namespace quatrain::emu
