#include "tests/sim/verify/case_trace.hpp"

#include "tests/support/exact_oracle.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/writer.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>

namespace quatrain::tests {
namespace {

using traces::Encoding;
using traces::Geometry;
using traces::Phase;
using traces::Role;
using traces::Rule;
using traces::Shape;
using traces::TraceWriter;

constexpr std::uint32_t layer_id = 3;

traces::LayerRecord layer_of(const Geometry& g) {
  return {.id = layer_id,
          .name = "layer",
          .kind = traces::LayerKind::conv2d,
          .geometry = open_geometry(traces::LayerKind::conv2d, g)};
}

Shape shape_of(Role role, const Geometry& g) {
  if (role == Role::input) return {g.batch, g.in_channels, g.height, g.width};
  if (role == Role::gradient) return {g.batch, g.out_channels, g.out_height, g.out_width};
  return {g.out_channels, g.in_channels / g.groups, g.kernel_height, g.kernel_width};
}

Rule rule_of(Encoding encoding) {
  return encoding == Encoding::int4    ? Rule::sawb_int4
         : encoding == Encoding::uint4 ? Rule::sawb_uint4
                                       : Rule::luq_fp4;
}

/// A record that its codes could have come with: nothing recomputes it, for it has no source.
traces::QuantizerRecord operand_record(Encoding encoding, Role role, float scale, const Shape& shape) {
  traces::QuantizerRecord record;
  record.layer = layer_id;
  record.role = role;
  record.rule = rule_of(encoding);
  record.scale = scale;
  record.max = scale * static_cast<float>(traces::largest_magnitude(encoding));
  if (role == Role::gradient) {
    record.random_bits = 16;
    record.facts = traces::Fp4Facts{record.max};
    return record;
  }
  const auto count = static_cast<std::uint64_t>(traces::element_count(shape));
  traces::SawbFacts facts{.exponent = 0, .count = count, .sum1 = count, .sum2 = count, .clip = record.max};
  std::frexp(record.max, &facts.exponent);
  record.facts = facts;
  return record;
}

class GemmTrace {
 public:
  GemmTrace(const std::filesystem::path& directory, Stored stored)
      : writer_(directory, {"tests", "1"}, {.model = "case", .seed = 1, .config_sha256 = {}, .note = ""}),
        stored_(stored) {}

  void write(std::span<const GemmCase> steps) {
    writer_.add_layer(layer_of(steps.front().gemm.geometry));
    for (const GemmCase& c : steps) add_step(c);
    writer_.finish();
  }

 private:
  void add_step(const GemmCase& c) {
    writer_.begin_file(fmt::format("step_{}.safetensors", step_));
    const Phase phase = c.gemm.phase;
    traces::GemmRecord record;
    record.layer = layer_id;
    record.step = step_;
    record.phase = phase;
    record.samples = static_cast<unsigned>(c.right.size());
    record.accumulator = c.gemm.accumulator;
    record.size = traces::gemm_size(phase, c.gemm.geometry);
    record.result_shape = shape_of(phase == Phase::forward         ? Role::gradient
                                   : phase == Phase::backward_data ? Role::input
                                                                   : Role::weight,
                                   c.gemm.geometry);
    record.left = {add_operand(c, phase == Phase::backward_data ? Role::gradient : Role::input,
                               c.left_encoding, c.left_scale, c.left, 0)};
    for (unsigned sample = 0; sample < c.right.size(); ++sample)
      record.right.push_back(add_operand(c, phase == Phase::backward_weight ? Role::gradient : Role::weight,
                                         c.right_encoding, c.right_scale, c.right[sample], sample));
    add_result(exact::multiply(c), record);
    writer_.end_file();
    writer_.add_gemm(record);
    ++step_;
  }

  std::string add_operand(const GemmCase& c, Role role, Encoding encoding, float scale,
                          const std::vector<std::uint8_t>& codes, unsigned sample) {
    const Shape shape = shape_of(role, c.gemm.geometry);
    traces::QuantizerRecord record = operand_record(encoding, role, scale, shape);
    record.step = step_;
    record.sample = sample;
    record.id = fmt::format("{}/{}/{}", step_, traces::name_of(role), sample);
    record.codes = record.id + "/codes";
    writer_.add_codes(record.codes, encoding, shape, codes);
    writer_.add_quantizer(record);
    return record.id;
  }

  void add_result(const traces::GemmResult& result, traces::GemmRecord& record) {
    const std::span<const std::int32_t> accumulators(result.accumulators);
    const std::span<const float> output(result.output);
    record.scale = result.scale;
    record.accumulators_crc32c = traces::crc32c(traces::bytes_of(accumulators));
    record.output_crc32c = traces::crc32c(traces::bytes_of(output));
    if (stored_ == Stored::checksums) return;
    record.accumulators = fmt::format("{}/accumulators", step_);
    record.output = fmt::format("{}/output", step_);
    writer_.add_accumulators(*record.accumulators, record.result_shape, record.accumulator, accumulators);
    writer_.add_fp32(*record.output, record.result_shape, output);
  }

  TraceWriter writer_;
  Stored stored_;
  std::uint32_t step_ = 0;
};

traces::QuantizerRecord quantizer_record(const traces::QuantizerTask& task,
                                         const traces::QuantizerResult& result) {
  traces::QuantizerRecord record;
  record.layer = task.draws.layer;
  record.step = task.draws.step;
  record.rule = task.rule;
  record.max = result.max, record.scale = result.scale;
  record.facts = result.facts;
  if (std::holds_alternative<traces::Fp4Facts>(result.facts)) {
    record.role = Role::gradient;
    record.sample = task.draws.sample;
    record.random_bits = traces::info_of(task.rule).draws ? task.random_bits : 0;
    record.alpha = task.alpha;
    record.maximum = task.maximum ? traces::Maximum::hindsight : traces::Maximum::measured;
  }
  return record;
}

}  // namespace

void write_gemm_trace(const std::filesystem::path& directory, std::span<const GemmCase> steps,
                      Stored stored) {
  GemmTrace(directory, stored).write(steps);
}

void write_quantizer_trace(const std::filesystem::path& directory, const QuantizerCase& c) {
  TraceWriter writer(directory, {"tests", "1"},
                     {.model = "case", .seed = c.task.draws.seed, .config_sha256 = {}, .note = ""});
  const auto elements = static_cast<std::int64_t>(c.source.size());
  traces::LayerRecord layer;
  layer.id = c.task.draws.layer;
  layer.name = "layer";
  layer.kind = traces::LayerKind::linear;
  layer.geometry = open_geometry(layer.kind, {});
  const bool is_gradient = traces::encoding_of(c.task.rule) == Encoding::fp4_e3m0;
  (is_gradient ? layer.geometry.out_channels : layer.geometry.in_channels) = elements;
  writer.add_layer(layer);
  writer.begin_file("step.safetensors");
  const Shape shape{1, elements};
  writer.add_fp32("source", shape, c.source);
  const bool has_samples = c.task.rule == Rule::luq_fp4;  // nothing else is drawn
  const unsigned samples = has_samples ? std::bit_ceil(c.task.draws.sample + 1) : 1;
  for (unsigned sample = 0; sample < samples; ++sample) {
    traces::QuantizerTask task = c.task;
    task.source = c.source;
    task.draws.sample = sample;
    const traces::QuantizerResult result = exact::quantize(task);
    traces::QuantizerRecord record = quantizer_record(task, result);
    record.id = fmt::format("quantizer/{}", sample);
    record.source = "source";
    record.codes = fmt::format("codes/{}", sample);
    writer.add_codes(record.codes, traces::encoding_of(task.rule), shape, result.codes);
    writer.add_quantizer(record);
  }
  writer.end_file();
  writer.finish();
}

}  // namespace quatrain::tests
