#include "emu/nn/recorder.hpp"

#include "emu/gemm/epilogue.hpp"
#include "traces/encoding/nibbles.hpp"
#include "traces/format/checksum.hpp"

#include <algorithm>

namespace quatrain::emu {
namespace {

using traces::Pass;
using traces::Phase;
using traces::Role;
using traces::Rule;

constexpr std::size_t most_stored_accumulators = std::size_t{1} << 24;  // 64 MiB
constexpr std::size_t most_stored_outputs = std::size_t{1} << 16;       // 256 KiB

traces::LayerRecord layer_record(const LayerConfig& layer, std::uint32_t id) {
  const traces::Geometry& g = layer.geometry;
  return {.id = id,
          .name = layer.name,
          .kind = kind_of(layer),
          .in_channels = g.in_channels,
          .out_channels = g.out_channels,
          .kernel_height = g.kernel_height,
          .kernel_width = g.kernel_width,
          .stride_height = g.stride_height,
          .stride_width = g.stride_width,
          .padding_height = g.padding_height,
          .padding_width = g.padding_width,
          .groups = g.groups};
}

traces::RunRecord run_record(const TrainingConfig& config) {
  return {.model = config.name,
          .seed = config.seed,
          .config_sha256 = traces::sha256_hex(dump_training_config(config)),
          .note = ""};
}

traces::QuantizerRecord quantizer_record(const QuantizerEvent& event) {
  const QuantizedTensor& result = event.result;
  const QuantizerConfig& rule = event.quantizer.config();
  traces::QuantizerRecord record;
  record.layer = event.layer;
  record.role = event.role;
  record.rule = rule.rule;
  record.max = result.max;
  record.scale = result.scale;
  if (event.role == Role::gradient) {
    record.sample = event.sample;
    record.random_bits = rule.rule == Rule::luq_fp4 ? rule.random_bits : 0;
    record.alpha = rule.alpha;
    record.max_used = result.max_used;
  } else {
    record.exponent = result.exponent;
    record.count = result.count;
    record.sum1 = result.sum1;
    record.sum2 = result.sum2;
    record.clip = result.clip;
  }
  return record;
}

/// "0/train/conv2/": what every id of a layer's tensors and records begins with.
std::string place_of(std::uint32_t step, Pass pass, const std::string& layer) {
  return fmt::format("{}/{}/{}/", step, traces::name_of(pass), layer);
}

std::string gradient_id(const std::string& place, unsigned sample) {
  return fmt::format("{}gradient/{}", place, sample);
}

/// What Z, dX and dW have the shape of.
Role role_of_result(Phase phase) {
  return phase == Phase::forward         ? Role::gradient
         : phase == Phase::backward_data ? Role::input
                                         : Role::weight;
}

}  // namespace

void require_traceable(const TrainingConfig& config) {
  const bool is_quantized =
      config.quantize.forward != ForwardRule::none && config.quantize.gradient != GradientRule::none;
  const bool has_layer =
      std::any_of(config.layers.begin(), config.layers.end(),
                  [](const LayerConfig& layer) { return layer.precision == Precision::quantized; });
  if (!is_quantized || !has_layer)
    throw traces::Error(
        "{}: nothing to trace; expected quantized layers, with forward and gradient quantized", config.name);
}

TraceRecorder::TraceRecorder(const std::filesystem::path& directory, const TrainingConfig& config)
    : config_(config), writer_(directory, {"quatrain", QUATRAIN_VERSION}, run_record(config)) {
  for (std::size_t id = 0; id < config.layers.size(); ++id)
    if (config.layers[id].precision == Precision::quantized)
      writer_.add_layer(layer_record(config.layers[id], static_cast<std::uint32_t>(id)));
}

void TraceRecorder::begin_step(std::uint32_t step, Pass pass) {
  step_ = step;
  pass_ = pass;
  writer_.begin_file(fmt::format("step_{:08}{}.safetensors", step, pass == Pass::train ? "" : "_evaluation"));
}

void TraceRecorder::end_step() { writer_.end_file(); }

/// The samples of a gradient share their source.
std::string TraceRecorder::store_source(const QuantizerEvent& event, const std::string& place,
                                        const traces::Shape& shape) {
  std::string id = fmt::format("{}{}/source", place, traces::name_of(event.role));
  if (event.sample == 0) writer_.add_fp32(id, shape, event.source);
  return id;
}

void TraceRecorder::quantized(const QuantizerEvent& event) {
  const LayerConfig& layer = config_.layers[event.layer];
  const std::string place = place_of(step_, pass_, layer.name);
  const traces::Shape shape =
      natural_shape(kind_of(layer), with_batch(layer.geometry, event.batch), event.role);
  traces::QuantizerRecord record = quantizer_record(event);
  record.step = step_;
  record.pass = pass_;
  record.id = event.role == Role::gradient ? gradient_id(place, event.sample)
                                           : place + std::string(traces::name_of(event.role));
  record.source = store_source(event, place, shape);
  record.codes = record.id + "/codes";
  writer_.add_codes(record.codes, event.result.encoding, shape, traces::pack_nibbles(event.result.codes));
  writer_.add_quantizer(record);
}

void TraceRecorder::multiplied(const ProductEvent& event) {
  const LayerConfig& layer = config_.layers[event.layer];
  const std::string place = place_of(step_, pass_, layer.name);
  const std::string id = place + std::string(traces::name_of(event.gemm.phase));
  traces::GemmRecord record;
  record.layer = event.layer;
  record.step = step_;
  record.pass = pass_;
  record.phase = event.gemm.phase;
  record.left = {event.gemm.phase == Phase::backward_data ? gradient_id(place, 0) : place + "input"};
  if (event.gemm.phase == Phase::backward_weight) {
    for (unsigned sample = 0; sample < event.samples; ++sample)
      record.right.push_back(gradient_id(place, sample));
  } else {
    record.right = {place + "weight"};
  }
  record.samples = event.samples;
  record.size = traces::gemm_size(event.gemm.phase, event.gemm.geometry);
  record.result_shape = natural_shape(kind_of(layer), event.gemm.geometry, role_of_result(event.gemm.phase));
  record.scale = event.scale;
  output_.resize(event.accumulators.size());
  scale_accumulators(event.accumulators, event.scale, output_);
  record.accumulators_crc32c = traces::crc32c(traces::bytes_of(event.accumulators));
  record.output_crc32c = traces::crc32c(traces::bytes_of(std::span<const float>(output_)));
  if (output_.size() <= most_stored_accumulators) {
    record.accumulators = id + "/accumulators";
    writer_.add_int32(*record.accumulators, record.result_shape, event.accumulators);
  }
  if (output_.size() <= most_stored_outputs) {
    record.output = id + "/output";
    writer_.add_fp32(*record.output, record.result_shape, output_);
  }
  writer_.add_gemm(record);
}

}  // namespace quatrain::emu
