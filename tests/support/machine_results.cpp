#include "tests/support/machine_results.hpp"

#include <fmt/format.h>

#include <bit>

namespace quatrain::tests {
namespace {

std::string float_difference(const std::string& what, float found, float expected) {
  const auto bits = [](float x) { return std::bit_cast<std::uint32_t>(x); };
  if (bits(found) == bits(expected)) return "";
  return fmt::format("{} is {:08x} ({}), expected {:08x} ({})", what, bits(found), found, bits(expected),
                     expected);
}

template <typename Integer>
std::string integer_difference(const std::string& what, Integer found, Integer expected) {
  return found == expected ? "" : fmt::format("{} is {}, expected {}", what, found, expected);
}

std::string code_difference(const std::vector<std::uint8_t>& found,
                            const std::vector<std::uint8_t>& expected) {
  if (found.size() != expected.size())
    return fmt::format("{} bytes of codes, expected {}", found.size(), expected.size());
  for (std::size_t i = 0; i < 2 * found.size(); ++i)
    if (const auto code = traces::nibble_at(found, i), right = traces::nibble_at(expected, i); code != right)
      return fmt::format("code {} is {:x}, expected {:x}", i, code, right);
  return "";
}

std::string first_of(std::initializer_list<std::string> differences) {
  for (const std::string& one : differences)
    if (!one.empty()) return one;
  return "";
}

std::string facts_difference(const traces::SawbFacts& found, const traces::SawbFacts& expected) {
  return first_of({integer_difference("exponent", found.exponent, expected.exponent),
                   integer_difference("count", found.count, expected.count),
                   integer_difference("sum1", found.sum1, expected.sum1),
                   integer_difference("sum2", found.sum2, expected.sum2),
                   float_difference("clip", found.clip, expected.clip)});
}
std::string facts_difference(const traces::Fp4Facts& found, const traces::Fp4Facts& expected) {
  return float_difference("max_used", found.max_used, expected.max_used);
}
template <typename Found, typename Expected>
std::string facts_difference(const Found&, const Expected&) {
  return "facts are those of another rule";
}

}  // namespace

std::string difference(const traces::QuantizerResult& found, const traces::QuantizerResult& expected) {
  return first_of({float_difference("max", found.max, expected.max),
                   std::visit([](const auto& one, const auto& other) { return facts_difference(one, other); },
                              found.facts, expected.facts),
                   float_difference("scale", found.scale, expected.scale),
                   code_difference(found.codes, expected.codes)});
}

std::string difference(const traces::GemmResult& found, const traces::GemmResult& expected) {
  if (found.accumulators.size() != expected.accumulators.size() ||
      found.output.size() != expected.output.size())
    return fmt::format("{} accumulators and {} outputs, expected {}", found.accumulators.size(),
                       found.output.size(), expected.output.size());
  for (std::size_t i = 0; i < found.accumulators.size(); ++i)
    if (found.accumulators[i] != expected.accumulators[i])
      return integer_difference(fmt::format("accumulator {}", i), found.accumulators[i],
                                expected.accumulators[i]);
  const std::string scale = float_difference("scale", found.scale, expected.scale);
  if (!scale.empty()) return scale;
  for (std::size_t i = 0; i < found.output.size(); ++i)
    if (std::bit_cast<std::uint32_t>(found.output[i]) != std::bit_cast<std::uint32_t>(expected.output[i]))
      return float_difference(fmt::format("output {}", i), found.output[i], expected.output[i]);
  return "";
}

traces::GemmResult multiply(traces::Machine& machine, const GemmCase& c) {
  const auto right = right_operands(c);
  return machine.multiply(c.gemm, left_operand(c), right);
}

std::vector<std::string> differences(traces::Machine& machine, const std::vector<SharpQuantizer>& cases) {
  std::vector<std::string> all;
  for (const SharpQuantizer& sharp : cases)
    if (const auto found = difference(machine.quantize(task_of(sharp.c)), sharp.expected); !found.empty())
      all.push_back(sharp.name + ": " + found);
  return all;
}

std::vector<std::string> differences(traces::Machine& machine, const std::vector<SharpGemm>& cases) {
  std::vector<std::string> all;
  for (const SharpGemm& sharp : cases)
    if (const auto found = difference(multiply(machine, sharp.c), sharp.expected); !found.empty())
      all.push_back(sharp.name + ": " + found);
  return all;
}

}  // namespace quatrain::tests
