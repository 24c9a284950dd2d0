#include "emu/nn/recorder.hpp"

#include "traces/base/joined.hpp"
#include "traces/encoding/nibbles.hpp"
#include "traces/format/checksum.hpp"

#include <algorithm>

namespace quatrain::emu {
namespace {

using traces::KeepsRecord;
using traces::Pass;
using traces::Role;

constexpr std::size_t most_stored_accumulators = std::size_t{1} << 24;  // 64 MiB
constexpr std::size_t most_stored_outputs = std::size_t{1} << 16;       // 256 KiB

/// Has quantizers, or could have them.
bool is_recorded(const LayerConfig& layer) { return layer.precision == Precision::quantized; }

/// What the paper's rules would do with an operand that the layer leaves in fp32.
QuantizerConfig rule_of_fp32(LayerConfig layer, Role role) {
  const RecipeInfo paper = info_of(Recipe::luq);
  layer.quantize.forward = paper.forward;
  layer.quantize.gradient = paper.gradient;
  return quantizer_of(layer, role).value();
}

/// "" where every recorded operand is one of a product.
std::string note_of(const TrainingConfig& config) {
  std::vector<std::string> layers;
  for (const LayerConfig& layer : config.layers)
    if (is_recorded(layer) && !layer.quantize.has_codes()) layers.push_back(layer.name);
  if (layers.empty()) return "";
  return fmt::format(
      "what these layers leave in fp32 is recorded with the codes that sawb and luq would make "
      "of it; no product takes them: {}",
      base::joined(layers));
}

traces::LayerRecord layer_record(const LayerConfig& layer, std::uint32_t id) {
  return {.id = id,
          .name = layer.name,
          .kind = kind_of(layer),
          .geometry = traces::open_geometry(kind_of(layer), layer.geometry)};
}

traces::RunRecord run_record(const TrainingConfig& config, const std::string& data_sha256) {
  return {.model = config.name,
          .seed = config.seed,
          .config_sha256 = traces::sha256_hex(dump_training_config(config)),
          .note = note_of(config),
          .data_sha256 = data_sha256};
}

traces::QuantizerRecord quantizer_record(const QuantizerEvent& event) {
  const QuantizedTensor& result = event.result;
  const QuantizerConfig& rule = event.rule;
  traces::QuantizerRecord record;
  record.layer = event.layer;
  record.role = event.role;
  record.rule = rule.rule;
  record.max = result.max;
  record.scale = result.scale;
  record.facts = result.facts;
  if (std::holds_alternative<traces::Fp4Facts>(result.facts)) {
    record.sample = event.sample;
    record.random_bits = traces::info_of(rule.rule).draws ? rule.random_bits : 0;
    record.alpha = rule.alpha;
    record.maximum = event.maximum ? traces::Maximum::hindsight : traces::Maximum::measured;
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

/// What an operand's quantizer is called.
std::string operand_id(const std::string& place, Role role, unsigned sample) {
  switch (role) {
    case Role::input:
    case Role::weight:
      break;
    case Role::gradient:
      return gradient_id(place, sample);
  }
  return place + std::string(name_of(role));
}

/// Which of a traced step's files holds a pass.
std::string_view file_ending(Pass pass) {
  switch (pass) {
    case Pass::train:
      return ".safetensors";
    case Pass::evaluation:
      return "_evaluation.safetensors";
  }
  return {};
}

/// The evaluation behind the last update is over before its checkpoint is written.
KeepsRecord before(std::uint32_t resumed_at) {
  return [resumed_at](std::uint32_t step, Pass pass) {
    return pass == Pass::train ? step < resumed_at : step <= resumed_at;
  };
}

traces::TraceWriter make_writer(const std::filesystem::path& directory, const TrainingConfig& config,
                                const std::string& data_sha256, std::optional<std::uint32_t> resumed_at) {
  const traces::Producer producer{"quatrain", QUATRAIN_VERSION};
  if (resumed_at) return {directory, producer, run_record(config, data_sha256), before(*resumed_at)};
  return {directory, producer, run_record(config, data_sha256)};
}

}  // namespace

void require_traceable(const TrainingConfig& config) {
  if (std::none_of(config.layers.begin(), config.layers.end(), is_recorded))
    throw base::Error("{}: nothing to trace; expected layers of precision 'quantized'", config.name);
}

TraceRecorder::TraceRecorder(const std::filesystem::path& directory, const TrainingConfig& config,
                             const std::string& data_sha256, std::optional<std::uint32_t> resumed_at)
    : config_(config),
      writer_(make_writer(directory, config, data_sha256, resumed_at)),
      has_recorded_(writer_.has_records()) {
  for (std::size_t id = 0; id < config.layers.size(); ++id)
    if (is_recorded(config.layers[id]))
      writer_.add_layer(layer_record(config.layers[id], static_cast<std::uint32_t>(id)));
}

void TraceRecorder::begin_step(std::uint32_t step, Pass pass) {
  step_ = step;
  pass_ = pass;
  writer_.begin_file(fmt::format("step_{:08}{}", step, file_ending(pass)));
}

void TraceRecorder::end_step() {
  writer_.end_file();
  writer_.save();
  has_recorded_ = true;
}

bool TraceRecorder::finish_early(const std::string& reason) {
  if (!has_recorded_) return false;
  writer_.drop_file();
  const std::string note = note_of(config_);
  writer_.set_note("the run stopped early: " + reason + (note.empty() ? "" : "; " + note));
  writer_.finish();
  return true;
}

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
  record.id = operand_id(place, event.role, event.sample);
  if (!event.source.empty()) record.source = store_source(event, place, shape);
  record.codes = record.id + "/codes";
  writer_.add_codes(record.codes, event.result.encoding, shape, traces::pack_nibbles(event.result.codes));
  writer_.add_quantizer(record);
}

void TraceRecorder::left_in_fp32(const SourceEvent& event) {
  const QuantizerConfig rule = rule_of_fp32(config_.layers[event.layer], event.role);
  QuantizedTensor codes;
  make_quantizer(rule, SimdPath::portable)
      ->quantize(event.source, {.seed = config_.seed, .step = step_, .layer = event.layer, .sample = 0},
                 std::nullopt, pool_, codes);
  quantized({.layer = event.layer,
             .role = event.role,
             .sample = 0,
             .batch = event.batch,
             .rule = rule,
             .maximum = std::nullopt,
             .path = std::nullopt,
             .result = codes,
             .source = event.source});
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
  const traces::PhaseInfo phase = traces::info_of(event.gemm.phase);
  record.left = {operand_id(place, phase.left, 0)};
  for (unsigned sample = 0; sample < event.samples; ++sample)
    record.right.push_back(operand_id(place, phase.right, sample));
  record.samples = event.samples;
  record.size = traces::gemm_size(event.gemm.phase, event.gemm.geometry);
  record.accumulator = event.gemm.accumulator;
  record.result_shape = natural_shape(kind_of(layer), event.gemm.geometry, phase.result);
  record.scale = event.scale;
  record.accumulators_crc32c = traces::crc32c(traces::bytes_of(event.accumulators));
  record.output_crc32c = traces::crc32c(traces::bytes_of(event.output));
  if (event.accumulators.size() <= most_stored_accumulators) {
    record.accumulators = id + "/accumulators";
    writer_.add_accumulators(*record.accumulators, record.result_shape, record.accumulator,
                             event.accumulators);
  }
  if (event.output.size() <= most_stored_outputs) {
    record.output = id + "/output";
    writer_.add_fp32(*record.output, record.result_shape, event.output);
  }
  writer_.add_gemm(record);
}

}  // namespace quatrain::emu
