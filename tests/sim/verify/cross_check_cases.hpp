#pragma once
/// A trace of chosen cases, checked by machines that a test can spoil.
#include "sim/verify/cross_check.hpp"
#include "tests/sim/verify/case_trace.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/oracle_machine.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace quatrain::tests {

class CrossCheckOfCases : public testing::Test {
 protected:
  /// A trace of these GEMMs, checked as `quatrain verify` does.
  sim::CrossCheck check(const std::vector<GemmCase>& steps, std::initializer_list<OracleMachine*> machines,
                        Stored stored = Stored::tensors);
  sim::CrossCheck check(const QuantizerCase& c, std::initializer_list<OracleMachine*> machines);
  sim::CrossCheck check(std::initializer_list<OracleMachine*> machines);

  std::string at_trace(const std::string& message) const;

  Folder folder;
  OracleMachine healthy{"healthy"}, spoiled{"spoiled"};
  sim::CrossCheckOptions options;
};

GemmCase linear_case(traces::Phase phase, std::int64_t m, std::int64_t n, std::int64_t k,
                     unsigned samples = 1);

/// Codes that are not zero anywhere, so that every product counts.
GemmCase forward_ones();

QuantizerCase luq_case(unsigned sample);

}  // namespace quatrain::tests
