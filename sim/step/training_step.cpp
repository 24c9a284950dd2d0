#include "sim/step/training_step.hpp"

#include "sim/accelerator/checked.hpp"
#include "sim/accelerator/memory/dram_time.hpp"
#include "sim/accelerator/simulate.hpp"
#include "sim/records/window.hpp"
#include "sim/workload/config_workload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace quatrain::sim {
namespace {

using emu::LayerConfig;
using traces::Phase;

std::uint64_t bytes_of(std::int64_t elements, unsigned bits) {
  return (checked_product(static_cast<std::uint64_t>(elements), bits) + 7) / 8;
}

TensorBytes tensor_bytes(const PeKind& pe) {
  switch (pe.tensors) {
    case TensorForm::fp32:
      return {};
    case TensorForm::operands:
      return {.activation = pe.result_bytes(), .weight_copy = pe.result_bytes()};
  }
  __builtin_unreachable();
}

/// The layers whose products the array computes. A PE that takes tensors as they are takes every layer's.
std::vector<LayerShape> shapes_on_array(const PeKind& pe, const emu::TrainingConfig& network,
                                        std::int64_t batch) {
  switch (pe.tensors) {
    case TensorForm::fp32:
      return layer_shapes(network, batch);
    case TensorForm::operands: {
      std::vector<LayerShape> shapes;
      for (const LayerConfig& layer : network.layers)
        if (layer.multiplies())
          shapes.push_back({.name = layer.name,
                            .geometry = emu::with_batch(layer.geometry, batch),
                            .wants_input_gradient = layer.wants_input_gradient});
      return shapes;
    }
  }
  __builtin_unreachable();
}

Resource resource_of(Component component) {
  switch (component) {
    case Component::pe_combinational:
    case Component::pe_flip_flops:
    case Component::skew_flip_flops:
    case Component::operand_sram:
    case Component::accumulator_sram:
    case Component::transposer:
    case Component::wires:
    case Component::clock_tree:
    case Component::leakage:
    case Component::sram_leakage:
    case Component::epilogue:
      return Resource::array;
    case Component::quantizer:
    case Component::random_source:
      return Resource::quantizers;
    case Component::dram:
    case Component::quantizer_dram:
      return Resource::dram;
  }
  __builtin_unreachable();
}

bool leaks(Component component) {
  return component == Component::leakage || component == Component::sram_leakage;
}

Bounds scaled(const Bounds& pj, std::uint64_t events) {
  const auto times = static_cast<double>(events);
  return {pj.low * times, pj.nominal * times, pj.high * times};
}

/// Some of its operands stay fp32.
bool is_half_quantized(const LayerConfig& layer) {
  if (!layer.multiplies() || layer.precision != emu::Precision::quantized) return false;
  const auto is_quantized = [&](traces::Role role) { return emu::quantizer_of(layer, role).has_value(); };
  const bool input = is_quantized(traces::Role::input), weight = is_quantized(traces::Role::weight),
             gradient = is_quantized(traces::Role::gradient);
  return (input || weight || gradient) && !(input && weight && gradient);
}

class Schedule {
 public:
  Schedule(const AcceleratorConfig& config, const emu::TrainingConfig& network, std::int64_t batch)
      : config_(config),
        network_(network),
        batch_(batch),
        bytes_(tensor_bytes(*config.pe)),
        timing_(timing_of(config, config.stalls() != nullptr ? *config.stalls() : DramDetails{})),
        readers_(network.layers.size()) {
    for (const LayerConfig& layer : network.layers)
      for (const std::int32_t input : layer.inputs)
        if (input != emu::images_input) ++readers_[static_cast<std::size_t>(input)];
  }

  /// `simulated`: the products that the array computes.
  void run(const Simulation& simulated) {
    for (const RecordResult& record : simulated.records) on_array_[{record.layer, record.phase}] = &record;
    for (const LayerConfig& layer : network_.layers) {
      if (layer.multiplies()) add_product(layer, Phase::forward, StepPart::forward);
      add(forward_passes(layer, batch_, bytes_));
    }
    add(loss_pass(batch_, network_.layers.back().output.elements(), bytes_));
    for (std::size_t id = network_.layers.size(); id-- > 0;) add_backward(network_.layers[id], readers_[id]);
    for (const LayerConfig& layer : network_.layers) add(update_passes(layer, bytes_));
  }

  std::vector<StepOperation> operations;

 private:
  void add(StepOperation operation) {
    operation.begin = operations.empty() ? 0 : checked_sum(operations.back().begin, operations.back().cycles);
    operations.push_back(std::move(operation));
  }

  void add(const VectorPass& pass) {
    StepOperation operation{.layer = pass.layer, .part = pass.part, .name = std::string(pass.name)};
    operation.operations = pass.operations;
    operation.macs = pass.operations.fused;
    operation.bytes = checked_sum(pass.read_bytes, pass.written_bytes);
    const unsigned lanes = config_.vector_lanes.value_or(default_vector_lanes);
    operation.busy[index(Resource::vector_unit)] = (pass.operations.starts() + lanes - 1) / lanes;
    operation.busy[index(Resource::dram)] = checked_sum(request_cycles(timing_, {pass.read_bytes}),
                                                        request_cycles(timing_, {pass.written_bytes}));
    operation.cycles = std::ranges::max(operation.busy);
    add(std::move(operation));
  }
  void add(const std::vector<VectorPass>& passes) {
    for (const VectorPass& pass : passes) add(pass);
  }

  void add_backward(const LayerConfig& layer, std::size_t readers) {
    if (!layer.has_parameters() && !layer.wants_input_gradient) return;
    std::vector<VectorPass> passes = backward_passes(layer, batch_, readers, bytes_);
    leave_as_codes(layer, readers, passes);
    add(passes);
    if (!layer.multiplies()) return;
    if (layer.wants_input_gradient) add_product(layer, Phase::backward_data, StepPart::backward);
    add_product(layer, Phase::backward_weight, StepPart::backward);
  }

  /// No fp32 tensor is written where the lanes take a gradient from the pass that makes it, and nothing else
  /// reads it. The codes are written by the operation that quantizes.
  void leave_as_codes(const LayerConfig& layer, std::size_t readers, std::vector<VectorPass>& passes) const {
    const auto drop = [&](const LayerConfig& reader, VectorPass& pass) {
      if (is_read_as_codes_alone(reader))
        pass.written_bytes -=
            bytes_.activation * static_cast<std::uint64_t>(reader.output.elements() * batch_);
    };
    if (passes.empty()) return;
    if (readers > 1) drop(layer, passes.front());  // the sum of what the readers hand back
    if (layer.multiplies() || layer.kind == emu::LayerWord::add || !layer.wants_input_gradient) return;
    const std::int32_t input = layer.inputs.front();
    if (input == emu::images_input || readers_[static_cast<std::size_t>(input)] > 1) return;
    drop(network_.layers[static_cast<std::size_t>(input)], passes.back());
  }

  /// Of the gradient of this layer's output.
  bool is_read_as_codes_alone(const LayerConfig& layer) const {
    if (!layer.multiplies() || layer.has_bias || !on_array_.contains({layer.name, Phase::backward_weight}))
      return false;
    const auto& quantize = layer.quantize;
    return config_.pe->tensors == TensorForm::fp32 &&
           config_.quantizer_design().placement == QuantizerPlacement::fused &&
           quantize.maximum == traces::Maximum::hindsight &&
           (!emu::draws(quantize.gradient) || quantize.samples == 1 ||
            config_.quantizer_design().sample_groups);
  }

  void add_product(const LayerConfig& layer, Phase phase, StepPart part) {
    const auto found = on_array_.find({layer.name, phase});
    if (found == on_array_.end()) return add(fp32_product(layer, phase, part));
    const Tally& tally = found->second->tally;
    if (tally.traffic.quantizer_bytes > 0) add(quantizing(layer, phase, part, tally));
    StepOperation product{.layer = layer.name, .part = part, .name = std::string(name_of(phase))};
    product.macs = tally.in_range_macs;
    product.bytes = tally.traffic.gemm_bytes();
    product.busy[index(Resource::array)] = tally.use.cycles;
    // The transposer stands between memory and buffers: it may be the slower of the two.
    product.busy[index(Resource::dram)] =
        std::max(request_cycles(timing_, {product.bytes}), tally.transposer_cycles.value_or(0));
    product.cycles = std::ranges::max(product.busy);
    if (tally.stalls)
      product.cycles = std::max(
          checked_sum(tally.use.cycles, checked_sum(tally.stalls->load_bound, tally.stalls->store_bound)),
          tally.transposer_cycles.value_or(0));
    add(std::move(product));
  }

  StepOperation quantizing(const LayerConfig& layer, Phase phase, StepPart part, const Tally& tally) const {
    StepOperation operation{
        .layer = layer.name, .part = part, .name = fmt::format("quantize for {}", name_of(phase))};
    operation.bytes = tally.traffic.quantizer_bytes;
    operation.busy[index(Resource::quantizers)] = tally.quantizer_cycles.value_or(0);
    operation.busy[index(Resource::dram)] =
        tally.stalls ? tally.stalls->quantizers : request_cycles(timing_, {operation.bytes});
    operation.cycles = std::ranges::max(operation.busy);
    return operation;
  }

  /// Operands read and results written once; a lane multiplies and adds in one.
  VectorPass fp32_product(const LayerConfig& layer, Phase phase, StepPart part) const {
    const traces::Geometry geometry = emu::with_batch(layer.geometry, batch_);
    const std::uint64_t macs = in_range_macs(geometry, 1);
    return {.layer = layer.name,
            .part = part,
            .name = name_of(phase),
            .operations = {.additions = macs, .multiplications = macs, .fused = macs},
            .read_bytes = bytes_of(left_elements(phase, geometry) + right_elements(phase, geometry), 32),
            .written_bytes = bytes_of(result_elements(phase, geometry), 32)};
  }

  static std::size_t index(Resource resource) { return static_cast<std::size_t>(resource); }

  const AcceleratorConfig& config_;
  const emu::TrainingConfig& network_;
  std::int64_t batch_;
  TensorBytes bytes_;
  rtl_models::DramTiming timing_;
  std::vector<std::size_t> readers_;  ///< of each layer's output
  std::map<std::pair<std::string, Phase>, const RecordResult*> on_array_;
};

/// The vector unit's operations and bytes by one table. A selection costs what an addition does.
void add_vector_energy(const TrainingStep& step, const Technology& technology, StepEnergy& energy) {
  VectorOperations all;
  std::uint64_t bytes = 0;
  for (const StepOperation& operation : step.operations) {
    if (operation.operations == VectorOperations{}) continue;
    all += operation.operations;
    bytes = checked_sum(bytes, operation.bytes);
  }
  const auto charge = [&](Resource resource, TechnologyRow row, std::uint64_t events) {
    energy.pj[static_cast<std::size_t>(resource)] += scaled(technology.row(row).pj, events);
  };
  charge(Resource::vector_unit, TechnologyRow::fp32_add, all.additions + all.selections);
  charge(Resource::vector_unit, TechnologyRow::fp32_mul, all.multiplications);
  charge(Resource::vector_unit, TechnologyRow::rng_philox_16b, 2 * all.draws);
  charge(Resource::dram, dram_row(step.config.dram), checked_product(8, bytes));
}

/// What of the passes goes through DRAM.
std::string fused_limit(const AcceleratorConfig& config) {
  if (config.pe->tensors == TensorForm::operands)
    return "nothing is fused: every pass of the vector unit reads and writes its tensors in DRAM";
  switch (config.quantizer_design().placement) {
    case QuantizerPlacement::dram:
      return "quantizers.placement dram: nothing is fused, every pass of the vector unit and of the "
             "quantizers "
             "reads and writes its tensors in DRAM";
    case QuantizerPlacement::fused:
      return "quantizers.placement fused: maxima are measured where tensors are made; a gradient under a "
             "hindsight maximum leaves the vector unit as codes alone where nothing else reads it; all else "
             "goes through DRAM";
  }
  __builtin_unreachable();
}

std::vector<std::string> limits_of(const AcceleratorConfig& config) {
  std::vector<std::string> limits = {
      "one operation after the other: only what is inside an operation overlaps", fused_limit(config),
      "divisions, roots, exponentials and logarithms take a cycle of a lane and are not priced",
      "no energy of the vector unit's registers and of its way to the DRAM"};
  if (config.stalls() == nullptr)
    limits.emplace_back("without stalls: bytes take their time at the full bandwidth, beside the cycles");
  if (!config.quantizers && config.pe->tensors == TensorForm::fp32)
    limits.emplace_back("without quantizers.lanes: the quantizers keep up with the memory");
  for (const std::string_view limit : config.pe->limits) limits.emplace_back(limit);
  return limits;
}

std::uint64_t all_kept_bytes(const AcceleratorConfig& config, const emu::TrainingConfig& network,
                             std::int64_t batch, const std::vector<LayerShape>& on_array) {
  std::uint64_t bytes = 0;
  for (const LayerConfig& layer : network.layers) {
    bytes = checked_sum(bytes, kept_bytes(layer, batch, tensor_bytes(*config.pe)));
    if (!layer.multiplies()) continue;
    const bool is_on_array = std::ranges::find(on_array, layer.name, &LayerShape::name) != on_array.end();
    bytes = checked_sum(bytes, bytes_of(input_elements(emu::with_batch(layer.geometry, batch)),
                                        is_on_array ? config.pe->operand_bits : 32));
  }
  return bytes;
}

}  // namespace

Resource StepOperation::bound_by() const {
  return static_cast<Resource>(std::ranges::max_element(busy) - busy.begin());
}

Bounds StepEnergy::total() const {
  Bounds sum;
  for (const Bounds& part : pj) sum += part;
  return sum;
}

std::uint64_t TrainingStep::cycles() const {
  return operations.empty() ? 0 : operations.back().begin + operations.back().cycles;
}

double TrainingStep::milliseconds() const { return static_cast<double>(cycles()) / (config.clock_mhz * 1e3); }

void StepSum::add(const StepOperation& operation) {
  ++operations;
  cycles += operation.cycles;
  bytes += operation.bytes;
  macs += operation.macs;
  for (std::size_t i = 0; i < busy.size(); ++i) busy[i] += operation.busy[i];
  bound[static_cast<std::size_t>(operation.bound_by())] += operation.cycles;
}

TrainingStep training_step(const AcceleratorConfig& config, const std::vector<Technology>& technologies,
                           const emu::TrainingConfig& network, std::int64_t batch) {
  const std::vector<LayerShape> shapes = shapes_on_array(*config.pe, network, batch);
  Simulation simulated;
  if (const std::vector<WorkloadGemm> gemms = gemms_of(shapes, Phases::training); !gemms.empty())
    simulated =
        simulate({.config = config, .technologies = technologies}, Workload{.source = {}, .gemms = gemms});
  TrainingStep step;
  step.config = config;
  step.model = network.name;
  step.batch = batch;
  Schedule schedule(config, network, batch);
  schedule.run(simulated);
  step.operations = std::move(schedule.operations);
  for (const Technology& technology : technologies) {
    StepEnergy energy{.technology = technology.name()};
    for (const TechnologyResult& result : simulated.technologies)
      if (result.name == technology.name())
        for (const ComponentEnergy& line : result.components)
          if (!leaks(line.component))
            energy.pj[static_cast<std::size_t>(resource_of(line.component))] += line.energy_pj;
    energy.pj[static_cast<std::size_t>(Resource::array)] +=
        energy_pj(leakage_of(config, step.cycles()), technology);  // also while the array waits
    add_vector_energy(step, technology, energy);
    step.energy.push_back(std::move(energy));
  }
  step.kept_bytes = all_kept_bytes(config, network, batch, shapes);
  for (const LayerConfig& layer : network.layers)
    for (const VectorPass& pass : update_passes(layer, TensorBytes{}))
      step.parameter_bytes += pass.written_bytes;
  step.limits = limits_of(config);
  if (config.pe->tensors == TensorForm::fp32 && std::ranges::any_of(network.layers, is_half_quantized))
    step.limits.emplace_back(
        "a product with one 4-bit operand is an fp32 product; its quantizer is not counted");
  return step;
}

}  // namespace quatrain::sim
