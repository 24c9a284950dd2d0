#include "sim/verify/first_k.hpp"

#include "sim/records/result_place.hpp"
#include "traces/base/error.hpp"
#include "traces/encoding/nibbles.hpp"

namespace quatrain::sim {
namespace {

/// The recorded GEMM with only the first terms of its right operand left.
class PrefixRuns {
 public:
  PrefixRuns(const RecordedGemm& recorded, std::int64_t element, traces::Machine& one, traces::Machine& other)
      : recorded_(recorded), element_(static_cast<std::size_t>(element)), one_(one), other_(other) {
    const std::int64_t elements = traces::right_elements(recorded.gemm.phase, recorded.gemm.geometry);
    k_of_element_.reserve(static_cast<std::size_t>(elements));
    for (std::int64_t i = 0; i < elements; ++i) k_of_element_.push_back(k_of_right(recorded.gemm, i));
  }

  bool part_at(std::int64_t terms) {
    std::vector<std::vector<std::uint8_t>> codes;
    std::vector<traces::Operand> right = recorded_.right;
    codes.reserve(right.size());
    for (traces::Operand& sample : right) {
      codes.push_back(cut(sample, terms - static_cast<std::int64_t>(codes.size()) * recorded_.size.k));
      sample.codes = codes.back();
    }
    return accumulator(one_, right) != accumulator(other_, right);
  }

 private:
  std::vector<std::uint8_t> cut(const traces::Operand& sample, std::int64_t terms) const {
    std::vector<std::uint8_t> codes = traces::unpack_nibbles(sample.codes, k_of_element_.size());
    for (std::size_t i = 0; i < codes.size(); ++i)
      if (k_of_element_[i] >= terms) codes[i] = 0;
    return traces::pack_nibbles(codes);
  }

  std::int32_t accumulator(traces::Machine& machine, std::span<const traces::Operand> right) const {
    return machine.multiply(recorded_.gemm, recorded_.left, right).accumulators.at(element_);
  }

  const RecordedGemm& recorded_;
  std::size_t element_;
  traces::Machine& one_;
  traces::Machine& other_;
  std::vector<std::int64_t> k_of_element_;
};

FirstK bisect(PrefixRuns& runs, std::int64_t k, std::int64_t all) {
  if (!runs.part_at(all))
    return {std::nullopt, 0, "the difference does not show again when the GEMM is repeated"};
  if (runs.part_at(0)) return {std::nullopt, 0, "the machines differ even when every right code is zero"};
  std::int64_t equal = 0, different = all;
  while (different - equal > 1) {
    const std::int64_t middle = equal + (different - equal) / 2;
    (runs.part_at(middle) ? different : equal) = middle;
  }
  return {equal % k, static_cast<unsigned>(equal / k), {}};
}

}  // namespace

FirstK find_first_k(const RecordedGemm& recorded, std::int64_t element, traces::Machine& differing,
                    traces::Machine& agreeing) try {
  PrefixRuns runs(recorded, element, differing, agreeing);
  const auto samples = static_cast<std::int64_t>(recorded.right.size());
  return bisect(runs, recorded.size.k, samples * recorded.size.k);
} catch (const base::Interrupted&) {
  throw;
} catch (const base::Error& error) {
  return {std::nullopt, 0, fmt::format("a shortened GEMM failed: {}", error.what())};
}

}  // namespace quatrain::sim
