#include "tests/support/trace_runs.hpp"

#include "tests/support/machine_results.hpp"
#include "traces/format/checksum.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace quatrain::tests {
namespace {

using traces::GemmRecord;
using traces::QuantizerRecord;
using traces::TraceReader;

traces::QuantizerResult expected_result(const QuantizerRecord& record, const TraceReader& trace) {
  return {trace.read_codes(record.codes), record.max, record.scale, record.facts};
}

void expect_quantizer(traces::Machine& machine, const QuantizerRecord& record, const TraceReader& trace,
                      TraceRun& run) {
  SCOPED_TRACE(record.id);
  const auto source = trace.read_fp32(*record.source);
  traces::QuantizerTask task;
  task.rule = record.rule;
  task.source = source;
  task.draws = {trace.manifest().run.seed, record.step, record.layer, record.sample};
  task.random_bits = record.random_bits;
  task.alpha = record.alpha;
  if (record.maximum == traces::Maximum::hindsight)
    task.maximum = std::get<traces::Fp4Facts>(record.facts).max_used;
  const auto found = machine.quantize(task);
  EXPECT_EQ(difference(found, expected_result(record, trace)), "");
  ++run.quantizers;
  run.non_zero +=
      std::count_if(found.codes.begin(), found.codes.end(), [](std::uint8_t byte) { return byte != 0; });
}

/// The operands of the named quantizers, whose codes `codes` keeps.
std::vector<traces::Operand> operands_of(const std::vector<std::string>& ids, const TraceReader& trace,
                                         std::vector<std::vector<std::uint8_t>>& codes) {
  for (const std::string& id : ids) codes.push_back(trace.read_codes(trace.manifest().quantizer(id).codes));
  std::vector<traces::Operand> operands;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const QuantizerRecord& quantizer = trace.manifest().quantizer(ids[i]);
    operands.push_back({traces::encoding_of(quantizer.rule), quantizer.scale, codes[i]});
  }
  return operands;
}

void expect_gemm(traces::Machine& machine, const GemmRecord& record, const TraceReader& trace,
                 TraceRun& run) {
  SCOPED_TRACE(testing::Message() << "step " << record.step << " "
                                  << trace.manifest().layer(record.layer).name << " " << name_of(record.pass)
                                  << " " << name_of(record.phase));
  std::vector<std::vector<std::uint8_t>> left_codes, right_codes;
  const auto left = operands_of(record.left, trace, left_codes);
  const auto right = operands_of(record.right, trace, right_codes);
  const auto found = machine.multiply({record.phase, geometry_of(trace.manifest(), record)}, left[0], right);
  traces::GemmResult expected = found;
  expected.scale = record.scale;
  if (record.accumulators)
    expected.accumulators = trace.read_accumulators(*record.accumulators, record.accumulator);
  if (record.output) expected.output = trace.read_fp32(*record.output);
  EXPECT_EQ(difference(found, expected), "");
  const auto sum_of = [](const auto& elements) {
    return traces::crc32c(traces::bytes_of(std::span(elements)));
  };
  const std::vector<std::int32_t>& accumulators = found.accumulators;
  const std::vector<float>& output = found.output;
  EXPECT_EQ(sum_of(accumulators), record.accumulators_crc32c);
  EXPECT_EQ(sum_of(output), record.output_crc32c);
  ++run.gemms;
  run.non_zero +=
      std::count_if(accumulators.begin(), accumulators.end(), [](std::int32_t sum) { return sum != 0; });
}

}  // namespace

TraceRun expect_trace(traces::Machine& machine, const TraceReader& trace) {
  TraceRun run;
  for (const QuantizerRecord& record : trace.manifest().quantizers)
    if (record.source && !machine.refuses(record.rule)) expect_quantizer(machine, record, trace, run);
  for (const GemmRecord& record : trace.manifest().gemms) expect_gemm(machine, record, trace, run);
  return run;
}

}  // namespace quatrain::tests
