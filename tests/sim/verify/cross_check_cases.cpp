#include "tests/sim/verify/cross_check_cases.hpp"

#include "tests/support/sharp_gemms.hpp"
#include "traces/format/check.hpp"

#include <cmath>

namespace quatrain::tests {

using traces::Phase;

sim::CrossCheck CrossCheckOfCases::check(const std::vector<GemmCase>& steps,
                                         std::initializer_list<OracleMachine*> machines, Stored stored) {
  write_gemm_trace(folder / "trace", steps, stored);
  return check(machines);
}

sim::CrossCheck CrossCheckOfCases::check(const QuantizerCase& c,
                                         std::initializer_list<OracleMachine*> machines) {
  write_quantizer_trace(folder / "trace", c);
  return check(machines);
}

sim::CrossCheck CrossCheckOfCases::check(std::initializer_list<OracleMachine*> machines) {
  base::SilentProgress progress;
  traces::check_trace(folder / "trace", progress);
  std::vector<sim::Candidate> candidates;
  for (OracleMachine* machine : machines) candidates.push_back({machine->name(), machine, ""});
  return sim::cross_check(traces::TraceReader(folder / "trace"), candidates, options, progress);
}

std::string CrossCheckOfCases::at_trace(const std::string& message) const {
  return (folder / "trace").string() + ": " + message;
}

GemmCase linear_case(Phase phase, std::int64_t m, std::int64_t n, std::int64_t k, unsigned samples) {
  const Mode mode = phase == Phase::forward         ? five_modes[1]
                    : phase == Phase::backward_data ? five_modes[2]
                                                    : five_modes[4];
  return random_case({phase, linear_geometry(phase, m, n, k)}, mode.left, mode.right, samples, 7);
}

GemmCase forward_ones() {
  GemmCase c = linear_case(Phase::forward, 3, 5, 6);
  c.left.assign(9, 0x11);
  c.right = {std::vector<std::uint8_t>(15, 0x11)};
  return c;
}

QuantizerCase luq_case(unsigned sample) {
  QuantizerCase c;
  for (int i = 0; i < 37; ++i) c.source.push_back(0.37F * std::sin(static_cast<float>(i)) * 0.9F);
  c.source[5] = -0.37F;
  c.task.rule = traces::Rule::luq_fp4;
  c.task.draws = {9, 4, 6, sample};
  return c;
}

}  // namespace quatrain::tests
