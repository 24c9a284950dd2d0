#include "sim/external/steady.hpp"

#include "sim/records/misbehaviour.hpp"
#include "sim/records/result_place.hpp"
#include "traces/encoding/nibbles.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace quatrain::sim::external {
namespace {

/// The value that an element had before the kernel was called.
template <typename Element>
Element poison_of(std::size_t element, Turn turn) {
  std::uint8_t bytes[sizeof(Element)];
  for (std::size_t i = 0; i < sizeof(Element); ++i)
    bytes[i] = poison_at(result_offset + element * sizeof(Element) + i, turn);
  return std::bit_cast<Element>(bytes);
}

std::uint8_t poison_of_nibble(std::size_t element, Turn turn) {
  return traces::nibble_at(std::array{poison_at(result_offset + element / 2, turn)}, element % 2);
}

/// What was found of one element in both turns.
template <typename Element>
struct Seen {
  Element poison[2], value[2];
  bool is_unwritten() const { return value[0] == poison[0] && value[1] == poison[1]; }
};

/// Accumulators are added to where `+=` stands for `=`.
bool is_built_upon(const Seen<std::uint32_t>& seen) {
  return seen.value[0] - seen.poison[0] == seen.value[1] - seen.poison[1];
}

/// Nibbles are merged by `|=` into a byte that nobody cleared.
bool is_built_upon(const Seen<std::uint8_t>& seen) {
  const unsigned code = seen.value[0] & seen.value[1];
  return seen.value[0] != seen.value[1] && seen.value[0] == (seen.poison[0] | code) &&
         seen.value[1] == (seen.poison[1] | code);
}

/// `seen_at(i)`: of element i; `described(i)`: its place and its two values. Throws Misbehaved.
template <typename SeenAt, typename Described>
void require_steady(std::string_view what, std::size_t count, const SeenAt& seen_at,
                    const Described& described) {
  struct Group {
    std::size_t count = 0, first = 0;
    void add(std::size_t element) {
      if (count++ == 0) first = element;
    }
  } unwritten, built_upon, different;
  for (std::size_t i = 0; i < count; ++i) {
    const auto seen = seen_at(i);
    if (seen.value[0] == seen.value[1]) continue;  // poison is never equal in both
    if (seen.is_unwritten())
      unwritten.add(i);
    else if (is_built_upon(seen))
      built_upon.add(i);
    else
      different.add(i);
  }
  if (built_upon.count > 0)
    throw Misbehaved(Misbehaviour::unwritten,
                     "{} of {} {} keep a part of what stood there before, first element {}; expected each to "
                     "be written, not added to",
                     built_upon.count, count, what, built_upon.first);
  if (unwritten.count > 0)
    throw Misbehaved(Misbehaviour::unwritten, "{} of {} {} were not written, first element {}",
                     unwritten.count, count, what, unwritten.first);
  if (different.count > 0)
    throw Misbehaved(Misbehaviour::unsteady, "two runs differ in {} of {} {}, first in {} in the second one",
                     different.count, count, what, described(different.first));
}

std::string described(std::size_t element, const std::string& place, const std::string& first,
                      const std::string& second) {
  return fmt::format("element {}{}: {} in the first run, {}", element, place, first, second);
}

std::string place_text(const traces::Gemm& gemm, std::size_t element) {
  const ResultPlace place = place_of_result(gemm, static_cast<std::int64_t>(element));
  return fmt::format(" (group {}, row {}, column {})", place.group, place.row, place.column);
}

/// A single member of a result.
constexpr std::uint64_t poison_of_members = 0x5EADBEE55EADBEE5;

template <typename Value>
Value poison_of_member(Turn turn) {
  using Bits = std::conditional_t<sizeof(Value) == 8, std::uint64_t, std::uint32_t>;
  return std::bit_cast<Value>(
      static_cast<Bits>(turn == Turn::first ? poison_of_members : ~poison_of_members));
}

template <typename Value>
void require_steady_member(std::string_view what, Value first, Value second) {
  using Bits = std::conditional_t<sizeof(Value) == 8, std::uint64_t, std::uint32_t>;
  const auto bits = [](Value value) { return std::bit_cast<Bits>(value); };
  if (bits(first) == bits(second)) return;
  if (bits(first) == bits(poison_of_member<Value>(Turn::first)) &&
      bits(second) == bits(poison_of_member<Value>(Turn::second)))
    throw Misbehaved(Misbehaviour::unwritten, "{} was not written", what);
  throw Misbehaved(Misbehaviour::unsteady, "two runs differ in {}: {} in the first run, {} in the second one",
                   what, first, second);
}

void require_steady(const std::array<GemmAnswer, 2>& answers, const traces::Gemm& gemm, bool gives_output) {
  const auto& [first, second] = answers;
  require_steady(
      "accumulators", first.accumulators.size(),
      [&](std::size_t i) {
        return Seen<std::uint32_t>{
            {poison_of<std::uint32_t>(i, Turn::first), poison_of<std::uint32_t>(i, Turn::second)},
            {static_cast<std::uint32_t>(first.accumulators[i]),
             static_cast<std::uint32_t>(second.accumulators[i])}};
      },
      [&](std::size_t i) {
        return described(i, place_text(gemm, i), fmt::format("{}", first.accumulators[i]),
                         fmt::format("{}", second.accumulators[i]));
      });
  if (!gives_output) return;
  require_steady(
      "outputs", first.output.size(),
      [&](std::size_t i) {
        return Seen<std::uint32_t>{
            {poison_of<std::uint32_t>(i, Turn::first), poison_of<std::uint32_t>(i, Turn::second)},
            {std::bit_cast<std::uint32_t>(first.output[i]), std::bit_cast<std::uint32_t>(second.output[i])}};
      },
      [&](std::size_t i) {
        return described(i, place_text(gemm, i), fmt::format("{}", first.output[i]),
                         fmt::format("{}", second.output[i]));
      });
  require_steady_member("output_scale", first.scale, second.scale);
}

traces::GemmResult result_of(GemmAnswer answer, bool gives_output) {
  if (!gives_output)
    return {.accumulators = std::move(answer.accumulators), .output = {}, .scale = 0, .has_output = false};
  return {.accumulators = std::move(answer.accumulators),
          .output = std::move(answer.output),
          .scale = answer.scale};
}

void require_steady(const std::array<QuantizerAnswer, 2>& answers, traces::Rule rule, bool gives_facts) {
  const auto& [first, second] = answers;
  require_steady(
      "codes", 2 * first.codes.size(),
      [&](std::size_t i) {
        return Seen<std::uint8_t>{{poison_of_nibble(i, Turn::first), poison_of_nibble(i, Turn::second)},
                                  {traces::nibble_at(first.codes, i), traces::nibble_at(second.codes, i)}};
      },
      [&](std::size_t i) {
        return described(i, "", fmt::format("{:#x}", traces::nibble_at(first.codes, i)),
                         fmt::format("{:#x}", traces::nibble_at(second.codes, i)));
      });
  const qt_quantizer_result &one = first.result, &other = second.result;
  require_steady_member("scale", one.scale, other.scale);
  if (!gives_facts) return;
  require_steady_member("max", one.max, other.max);
  if (std::holds_alternative<traces::SawbFacts>(traces::info_of(rule).facts)) {
    require_steady_member("exponent", one.exponent, other.exponent);
    require_steady_member("count", one.count, other.count);
    require_steady_member("sum1", one.sum1, other.sum1);
    require_steady_member("sum2", one.sum2, other.sum2);
    require_steady_member("clip", one.clip, other.clip);
  } else {
    require_steady_member("max_used", one.max_used, other.max_used);
  }
}

traces::QuantizerResult result_of(QuantizerAnswer answer, traces::Rule rule, bool gives_facts) {
  const qt_quantizer_result& one = answer.result;
  traces::QuantizerResult result{.codes = std::move(answer.codes), .scale = one.scale};
  result.has_facts = gives_facts;
  result.facts = traces::info_of(rule).facts;
  if (!gives_facts) return result;
  result.max = one.max;
  if (auto* const facts = std::get_if<traces::SawbFacts>(&result.facts))
    *facts = {
        .exponent = one.exponent, .count = one.count, .sum1 = one.sum1, .sum2 = one.sum2, .clip = one.clip};
  else
    std::get<traces::Fp4Facts>(result.facts) = {.max_used = one.max_used};
  return result;
}

}  // namespace

void GemmAnswer::take(std::span<const std::uint8_t> accumulator_bytes,
                      std::span<const std::uint8_t> output_bytes) {
  accumulators.resize(accumulator_bytes.size() / sizeof(std::int32_t));
  output.resize(output_bytes.size() / sizeof(float));
  std::memcpy(accumulators.data(), accumulator_bytes.data(), accumulator_bytes.size());
  if (!output.empty()) std::memcpy(output.data(), output_bytes.data(), output_bytes.size());
}

void poison(qt_gemm_result& result, Turn turn) { result.output_scale = poison_of_member<float>(turn); }

void poison(qt_quantizer_result& result, Turn turn) {
  for (float* const member : {&result.scale, &result.max, &result.max_used, &result.clip})
    *member = poison_of_member<float>(turn);
  result.exponent = poison_of_member<std::int32_t>(turn);
  for (std::uint64_t* const member : {&result.count, &result.sum1, &result.sum2})
    *member = poison_of_member<std::uint64_t>(turn);
}

traces::GemmResult steady_result(std::array<GemmAnswer, 2> answers, const traces::Gemm& gemm,
                                 bool gives_output) {
  try {
    require_steady(answers, gemm, gives_output);
  } catch (const Misbehaved& misbehaved) {
    if (misbehaved.kind() != Misbehaviour::unsteady) throw;
    throw Unsteady(misbehaved, result_of(std::move(answers[0]), gives_output),
                   result_of(std::move(answers[1]), gives_output));
  }
  return result_of(std::move(answers[0]), gives_output);
}

traces::QuantizerResult steady_result(std::array<QuantizerAnswer, 2> answers, traces::Rule rule,
                                      bool gives_facts) {
  try {
    require_steady(answers, rule, gives_facts);
  } catch (const Misbehaved& misbehaved) {
    if (misbehaved.kind() != Misbehaviour::unsteady) throw;
    throw Unsteady(misbehaved, result_of(std::move(answers[0]), rule, gives_facts),
                   result_of(std::move(answers[1]), rule, gives_facts));
  }
  return result_of(std::move(answers[0]), rule, gives_facts);
}

}  // namespace quatrain::sim::external
