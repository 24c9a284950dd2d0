#include "sim/conformance/make.hpp"

#include "sim/conformance/boundaries.hpp"
#include "sim/conformance/codes.hpp"
#include "sim/verify/first_difference.hpp"
#include "traces/base/error.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/writer.hpp"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace quatrain::sim {
namespace {

using traces::Geometry;
using traces::Phase;
using traces::Role;
using traces::Shape;

/// Its highest bit is set: a seed read as a number with a sign shows.
constexpr std::uint32_t trace_seed = 0xC0FF'EE01;
constexpr std::int64_t most_elements = std::int64_t{1} << 28;

std::string text_of(const traces::GemmSize& size) { return fmt::format("{},{},{}", size.m, size.n, size.k); }

std::string note_for(const ConformanceOptions& options, const traces::Machine& reference,
                     const traces::Machine& second) {
  std::string note =
      fmt::format("conformance set {}, {}; expected results: {}, confirmed by {}", conformance_version,
                  options.is_quick ? "quick" : "full", reference.name(), second.name());
  for (const traces::GemmSize& size : options.shapes) note += fmt::format("; --shape {}", text_of(size));
  for (const Geometry& g : options.convs)
    note += fmt::format(
        "; --conv batch={},in={},size={}x{},out={},kernel={}x{},stride={}x{},padding={}x{},groups={}",
        g.batch, g.in_channels, g.height, g.width, g.out_channels, g.kernel_height, g.kernel_width,
        g.stride_height, g.stride_width, g.padding_height, g.padding_width, g.groups);
  return note;
}

/// One operand of a step, quantized or given: codes and scale as its records have them.
struct MadeOperand {
  std::vector<std::string> ids = {};  ///< of the samples
  traces::Encoding encoding = traces::Encoding::int4;
  float scale = 0;
  std::vector<Codes> codes = {};

  std::vector<traces::Operand> operands() const {
    std::vector<traces::Operand> all;
    for (const Codes& sample : codes) all.push_back({encoding, scale, sample});
    return all;
  }
};

class ConformanceMaker {
 public:
  ConformanceMaker(const std::filesystem::path& directory, const ConformanceOptions& options,
                   traces::Machine& reference, traces::Machine& second, base::Progress& progress)
      : options_(options),
        reference_(reference),
        second_(second),
        progress_(progress),
        writer_(directory, {"quatrain conformance", QUATRAIN_VERSION},
                {.model = "conformance",
                 .seed = trace_seed,
                 .config_sha256 = {},
                 .note = note_for(options, reference, second)}) {}

  ConformanceCounts run() {
    const auto families = case_families();
    progress_.begin("conformance", families.size());
    CaseMaking making{
        .options = options_, .seed = trace_seed, .prober = second_, .emit = [this](const CaseLayer& layer) {
          add(layer);
        }};
    for (std::size_t i = 0; i < families.size(); ++i) {
      family_ = i;
      writer_.begin_file(fmt::format("{}.safetensors", families[i].name));
      families[i].make(making);
      writer_.end_file();
    }
    progress_.update(families.size());
    progress_.finish();
    writer_.finish();
    return counts_;
  }

 private:
  void add(const CaseLayer& layer) {
    progress_.update(family_, layer.name);  // where an interrupt is seen
    const Geometry& geometry = layer.steps.front().geometry;
    writer_.add_layer({.id = layer.id,
                       .name = layer.name,
                       .kind = layer.kind,
                       .geometry = traces::open_geometry(layer.kind, geometry)});
    for (const CaseStep& step : layer.steps) add(layer, step);
  }

  void add(const CaseLayer& layer, const CaseStep& step) {
    MadeOperand made[3];
    const auto of = [&](Role role) -> MadeOperand& { return made[static_cast<std::size_t>(role)]; };
    if (step.input) of(Role::input) = add_tensor(layer, step, Role::input, *step.input);
    if (step.weight) of(Role::weight) = add_tensor(layer, step, Role::weight, *step.weight);
    if (step.gradient) of(Role::gradient) = add_tensor(layer, step, Role::gradient, *step.gradient);
    for (const Phase phase : step.phases) {
      const traces::PhaseInfo info = traces::info_of(phase);
      add_gemm(layer, step, phase, of(info.left), of(info.right));
    }
  }

  static std::string place_of(const CaseLayer& layer, const CaseStep& step) {
    return fmt::format("{}/{}/{}/", step.step, name_of(traces::Pass::train), layer.name);
  }

  MadeOperand add_tensor(const CaseLayer& layer, const CaseStep& step, Role role, const CaseTensor& tensor) {
    const std::string place = place_of(layer, step) + std::string(name_of(role));
    const Shape shape = traces::natural_shape(layer.kind, step.geometry, role);
    MadeOperand made{.encoding = traces::encoding_of(tensor.rule)};
    const bool has_source = !tensor.source.empty();
    if (has_source) writer_.add_fp32(place + "/source", shape, tensor.source);
    const unsigned samples = has_source ? tensor.samples : static_cast<unsigned>(tensor.codes.size());
    for (unsigned sample = 0; sample < samples; ++sample) {
      traces::QuantizerRecord record;
      record.id = role == Role::gradient ? fmt::format("{}/{}", place, sample) : place;
      record.layer = layer.id;
      record.step = step.step;
      record.role = role;
      record.rule = tensor.rule;
      record.codes = record.id + "/codes";
      if (role == Role::gradient) {
        record.sample = sample;
        record.random_bits = traces::info_of(tensor.rule).draws ? tensor.random_bits : 0;
        record.alpha = tensor.alpha;
        record.maximum = tensor.maximum ? traces::Maximum::hindsight : traces::Maximum::measured;
      }
      if (has_source) {
        record.source = place + "/source";
        made.codes.push_back(quantize(record, tensor, {trace_seed, step.step, layer.id, sample}));
      } else {
        describe_given(record, tensor, traces::element_count(shape));
        made.codes.push_back(tensor.codes[sample]);
      }
      made.scale = record.scale;
      made.ids.push_back(record.id);
      writer_.add_codes(record.codes, made.encoding, shape, made.codes.back());
      writer_.add_quantizer(record);
      ++counts_.quantizers;
    }
    return made;
  }

  Codes quantize(traces::QuantizerRecord& record, const CaseTensor& tensor, const CaseKey& key) {
    traces::QuantizerResult result = reference_.quantize(task_of(tensor, key));
    if (!same_bits(result, second_.quantize(task_of(tensor, key)))) fail(record.id);
    record.max = result.max;
    record.scale = result.scale;
    record.facts = result.facts;
    return std::move(result.codes);
  }

  /// Nobody quantized these codes. The record has the scale, the maximum that belongs to it, and sums of 0.
  static void describe_given(traces::QuantizerRecord& record, const CaseTensor& tensor,
                             std::int64_t elements) {
    record.scale = tensor.scale;
    record.max =
        tensor.scale * static_cast<float>(traces::largest_magnitude(traces::encoding_of(tensor.rule)));
    record.facts = traces::info_of(tensor.rule).facts;
    if (auto* fp4 = std::get_if<traces::Fp4Facts>(&record.facts)) fp4->max_used = record.max;
    auto* sawb = std::get_if<traces::SawbFacts>(&record.facts);
    if (sawb == nullptr || record.max == 0) return;
    sawb->count = static_cast<std::uint64_t>(elements);
    sawb->clip = record.max;
    std::frexp(record.max, &sawb->exponent);
  }

  void add_gemm(const CaseLayer& layer, const CaseStep& step, Phase phase, const MadeOperand& left,
                const MadeOperand& right) {
    const std::string place = place_of(layer, step) + std::string(name_of(phase));
    const traces::Gemm gemm{phase, step.geometry};
    traces::GemmRecord record;
    record.layer = layer.id;
    record.step = step.step;
    record.phase = phase;
    record.left = {left.ids.front()};
    std::vector<traces::Operand> rights = right.operands();
    if (phase != Phase::backward_weight) rights.resize(1);  // sample 0 alone
    record.right.assign(right.ids.begin(), right.ids.begin() + static_cast<std::ptrdiff_t>(rights.size()));
    record.samples = static_cast<unsigned>(rights.size());
    record.size = traces::gemm_size(phase, step.geometry);
    record.result_shape = traces::natural_shape(layer.kind, step.geometry, traces::info_of(phase).result);
    const traces::Operand first_left = left.operands().front();
    for (const traces::Machine* machine : {&reference_, &second_})
      if (const auto reason = machine->refuses(gemm, first_left.encoding, rights.front().encoding))
        throw base::Error("{}: {} cannot compute it, so nothing is expected of it: {}", place,
                          machine->name(), *reason);
    const traces::GemmResult result = reference_.multiply(gemm, first_left, rights);
    if (!same_bits(result, second_.multiply(gemm, first_left, rights))) fail(place);
    const std::span<const std::int32_t> accumulators(result.accumulators);
    const std::span<const float> output(result.output);
    record.scale = result.scale;
    record.accumulators = place + "/accumulators";
    record.output = place + "/output";
    record.accumulators_crc32c = traces::crc32c(traces::bytes_of(accumulators));
    record.output_crc32c = traces::crc32c(traces::bytes_of(output));
    writer_.add_int32(*record.accumulators, record.result_shape, accumulators);
    writer_.add_fp32(*record.output, record.result_shape, output);
    writer_.add_gemm(record);
    ++counts_.gemms;
    counts_.macs += traces::mac_count(record);
  }

  [[noreturn]] void fail(const std::string& record) const {
    throw std::runtime_error(fmt::format("{} and {} differ on {}, so nothing can be expected of it",
                                         reference_.name(), second_.name(), record));
  }

  const ConformanceOptions& options_;
  traces::Machine& reference_;
  traces::Machine& second_;
  base::Progress& progress_;
  traces::TraceWriter writer_;
  std::size_t family_ = 0;
  ConformanceCounts counts_;
};

void require_tensors(const std::string& option, std::int64_t elements) {
  if (elements > most_elements)
    throw base::Error("{}: a tensor of {} elements; expected at most {}", option, elements, most_elements);
}

void require_exact(const std::string& option, const Geometry& geometry, const Mode& mode, unsigned samples) {
  if (const auto reason =
          traces::inexact_sum(traces::gemm_size(mode.phase, geometry), mode.left, mode.right, samples))
    throw base::Error("{}: {}: {}", option, name_of(mode.phase), *reason);
}

}  // namespace

void require_makeable(const ConformanceOptions& options) {
  for (const traces::GemmSize& size : options.shapes) {
    const std::string option = "--shape " + text_of(size);
    for (const std::int64_t elements : {size.m * size.k, size.n * size.k, size.m * size.n})
      require_tensors(option, elements);
    for (const Mode& mode : all_modes)
      require_exact(option, linear_geometry(mode.phase, size.m, size.n, size.k), mode, 1);
  }
  for (const Geometry& geometry : options.convs) {
    const std::string option = fmt::format("--conv batch={},in={},...", geometry.batch, geometry.in_channels);
    if (geometry.out_height == 0 || geometry.out_width == 0)
      throw base::Error("{}: a kernel of {} x {} on {} x {} with padding {} x {}; expected one that fits",
                        option, geometry.kernel_height, geometry.kernel_width, geometry.height,
                        geometry.width, geometry.padding_height, geometry.padding_width);
    for (const Role role : {Role::input, Role::weight, Role::gradient})
      require_tensors(option, traces::elements_of(role, geometry));
    for (const Mode& mode : all_modes)
      require_exact(option, geometry, mode, mode.phase == Phase::backward_weight ? 2 : 1);
  }
}

ConformanceCounts make_conformance(const std::filesystem::path& directory, const ConformanceOptions& options,
                                   traces::Machine& reference, traces::Machine& second,
                                   base::Progress& progress) {
  require_makeable(options);
  return ConformanceMaker(directory, options, reference, second, progress).run();
}

}  // namespace quatrain::sim
