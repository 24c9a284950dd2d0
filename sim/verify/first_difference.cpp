#include "sim/verify/first_difference.hpp"

#include "sim/records/compare.hpp"
#include "sim/verify/first_k.hpp"
#include "traces/encoding/nibbles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <tuple>

namespace quatrain::sim {
namespace {

std::string text_of(const traces::Gemm& gemm, std::int32_t accumulator) {
  return accumulator_text(gemm.accumulator, accumulator);
}
std::string text_of(const traces::Gemm&, float value);
std::string text_of(float value) { return fmt::format("{} (bits {:08x})", value, bits_of(value)); }
std::string text_of(const traces::Gemm&, float value) { return text_of(value); }

Difference difference_in(const traces::Manifest& manifest, const traces::GemmRecord& record) {
  Difference difference;
  difference.record = name_of(manifest, record);
  difference.layer = manifest.layer(record.layer).name;
  difference.step = record.step;
  difference.pass = record.pass;
  difference.part = record.phase;
  return difference;
}

Difference difference_in(const traces::Manifest& manifest, const traces::QuantizerRecord& record) {
  Difference difference;
  difference.record = record.id;
  difference.layer = manifest.layer(record.layer).name;
  difference.step = record.step;
  difference.pass = record.pass;
  difference.part = record.role;
  if (record.role == traces::Role::gradient) difference.sample = record.sample;
  return difference;
}

Difference without_result(Difference difference, std::string_view what, const std::string& got) {
  difference.what = what;
  difference.expected = "a result";
  difference.got = got;
  return difference;
}

/// First unequal element of one tensor: against the stored one, or what the witness has where the trace holds
/// a checksum; without either only the checksums speak.
template <typename Element>
void locate(const Recorded<Element>& recorded, const std::vector<Element>* witnessed,
            const std::vector<Element>& got, const traces::Gemm& gemm, Difference& difference) {
  const std::vector<Element>* expected = recorded.elements ? &*recorded.elements : witnessed;
  if (expected == nullptr) {
    difference.expected = fmt::format("CRC32C {:08x}", recorded.crc32c);
    difference.got = fmt::format("CRC32C {:08x}", traces::crc32c(traces::bytes_of(std::span(got))));
    return;
  }
  difference.element = first_unequal(std::span<const Element>(*expected), std::span<const Element>(got));
  const auto element = static_cast<std::size_t>(difference.element.value());
  difference.place = place_of_result(gemm, *difference.element);
  difference.expected = text_of(gemm, (*expected)[element]);
  difference.got = text_of(gemm, got[element]);
}

void locate_accumulator(const RecordedGemm& recorded, traces::Machine* differing,
                        const traces::GemmResult& result, const Witness* witness, Difference& difference) {
  difference.what = "accumulator";
  locate(recorded.accumulators, witness ? &witness->result.accumulators : nullptr, result.accumulators,
         recorded.gemm, difference);
  if (differing == nullptr) {
    difference.why_no_k = "the results were computed before, and show no part of a sum";
    return;
  }
  if (witness == nullptr) {
    difference.why_no_k = "no machine that ran agrees with the trace on this GEMM";
    return;
  }
  const FirstK first = find_first_k(recorded, *difference.element, *differing, witness->machine);
  difference.k = first.k;
  difference.why_no_k = first.why_not;
  if (first.k && recorded.right.size() > 1) difference.sample = first.sample;
}

/// One field of a quantizer record; the first unequal one names the difference.
template <typename Value>
void compare_field(const char* what, Value expected, Value got, Difference& difference) {
  if (expected == got || !difference.what.empty()) return;
  difference.what = what;
  difference.expected = fmt::format("{}", expected);
  difference.got = fmt::format("{}", got);
}

void compare_field(const char* what, float expected, float got, Difference& difference) {
  if (bits_of(expected) == bits_of(got) || !difference.what.empty()) return;
  difference.what = what;
  difference.expected = text_of(expected);
  difference.got = text_of(got);
}

void compare_facts(const traces::SawbFacts& expected, const traces::SawbFacts& got, Difference& difference) {
  compare_field("exponent", expected.exponent, got.exponent, difference);
  compare_field("count", expected.count, got.count, difference);
  compare_field("sum1", expected.sum1, got.sum1, difference);
  compare_field("sum2", expected.sum2, got.sum2, difference);
  compare_field("clip", expected.clip, got.clip, difference);
}

void compare_facts(const traces::Fp4Facts& expected, const traces::Fp4Facts& got, Difference& difference) {
  compare_field("maximum_used", expected.max_used, got.max_used, difference);
}

/// Of another kind: a machine took the rule for another one.
template <typename Expected, typename Got>
void compare_facts(const Expected&, const Got&, Difference& difference) {
  if (!difference.what.empty()) return;
  difference.what = "result";
  difference.expected = "what this rule finds";
  difference.got = "what another rule finds";
}

void compare_fields(const traces::QuantizerRecord& record, const traces::QuantizerResult& result,
                    Difference& difference) {
  if (result.has_facts) {
    compare_field("maximum", record.max, result.max, difference);
    std::visit([&](const auto& expected, const auto& got) { compare_facts(expected, got, difference); },
               record.facts, result.facts);
  }
  compare_field("scale", record.scale, result.scale, difference);
}

void compare_codes(const RecordedQuantizer& recorded, const traces::QuantizerResult& result,
                   Difference& difference) {
  const auto byte = std::mismatch(recorded.codes.begin(), recorded.codes.end(), result.codes.begin());
  if (byte.first == recorded.codes.end()) return;
  const std::uint8_t expected_pair = *byte.first, got_pair = *byte.second;
  const bool high = (expected_pair & 0xF) == (got_pair & 0xF);
  const auto expected = static_cast<std::size_t>(high ? expected_pair >> 4 : expected_pair & 0xF);
  const auto got = static_cast<std::size_t>(high ? got_pair >> 4 : got_pair & 0xF);
  difference.element = 2 * (byte.first - recorded.codes.begin()) + (high ? 1 : 0);
  if (!difference.what.empty()) return;
  const auto& values = traces::code_values(traces::encoding_of(recorded.record.rule));
  difference.what = "code";
  difference.expected = fmt::format("{:#x} (value {})", expected, values[expected]);
  difference.got = fmt::format("{:#x} (value {})", got, values[got]);
}

bool same_facts(const traces::SawbFacts& one, const traces::SawbFacts& other) {
  const auto bits = [](const traces::SawbFacts& facts) {
    return std::tuple(facts.exponent, facts.count, facts.sum1, facts.sum2, bits_of(facts.clip));
  };
  return bits(one) == bits(other);
}

bool same_facts(const traces::Fp4Facts& one, const traces::Fp4Facts& other) {
  return bits_of(one.max_used) == bits_of(other.max_used);
}

template <typename One, typename Other>
bool same_facts(const One&, const Other&) {
  return false;
}

template <typename Element>
bool same_elements(const std::vector<Element>& one, const std::vector<Element>& other) {
  return one.size() == other.size() &&
         !first_unequal(std::span<const Element>(one), std::span<const Element>(other));
}

const std::vector<float>* output_of(const Witness* witness) {
  return witness != nullptr && witness->result.has_output ? &witness->result.output : nullptr;
}

template <typename Element>
std::optional<std::uint64_t> count_different(const Recorded<Element>& recorded,
                                             const std::vector<Element>& got,
                                             const std::vector<Element>* witnessed) {
  if (agrees(recorded, std::span<const Element>(got))) return 0;
  const std::vector<Element>* expected = recorded.elements ? &*recorded.elements : witnessed;
  if (expected == nullptr) return std::nullopt;
  std::uint64_t different = 0;
  for (std::size_t i = 0; i < got.size(); ++i) different += bits_of((*expected)[i]) != bits_of(got[i]);
  return different;
}

}  // namespace

bool has_recorded_size(const RecordedGemm& recorded, const traces::GemmResult& result) {
  const auto elements =
      static_cast<std::size_t>(traces::result_elements(recorded.gemm.phase, recorded.gemm.geometry));
  return result.accumulators.size() == elements && result.output.size() == (result.has_output ? elements : 0);
}

bool same_bits(const traces::QuantizerResult& one, const traces::QuantizerResult& other) {
  const bool have_same_facts =
      !one.has_facts || !other.has_facts ||
      (bits_of(one.max) == bits_of(other.max) &&
       std::visit([](const auto& left, const auto& right) { return same_facts(left, right); }, one.facts,
                  other.facts));
  return have_same_facts && bits_of(one.scale) == bits_of(other.scale) && one.codes == other.codes;
}

bool same_bits(const traces::GemmResult& one, const traces::GemmResult& other) {
  const bool have_same_output =
      !one.has_output || !other.has_output ||
      (bits_of(one.scale) == bits_of(other.scale) && same_elements(one.output, other.output));
  return have_same_output && same_elements(one.accumulators, other.accumulators);
}

std::optional<std::uint64_t> different_elements(const RecordedGemm& recorded,
                                                const traces::GemmResult& result, const Witness* witness) {
  if (!has_recorded_size(recorded, result)) return std::nullopt;
  const auto accumulators = count_different(recorded.accumulators, result.accumulators,
                                            witness ? &witness->result.accumulators : nullptr);
  if (!accumulators || !result.has_output) return accumulators;
  const auto outputs = count_different(recorded.output, result.output, output_of(witness));
  if (!outputs) return std::nullopt;
  return *accumulators + *outputs;
}

std::uint64_t different_codes(std::span<const std::uint8_t> expected, std::span<const std::uint8_t> got) {
  std::uint64_t different = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto changed = static_cast<unsigned>(expected[i] ^ got[i]);
    different += ((changed & 0xF) != 0) + ((changed >> 4) != 0);
  }
  return different;
}

bool agrees(const RecordedGemm& recorded, const traces::GemmResult& result) {
  const auto output_agrees = [&] {
    return bits_of(result.scale) == bits_of(recorded.scale) &&
           agrees(recorded.output, std::span<const float>(result.output));
  };
  return has_recorded_size(recorded, result) &&
         agrees(recorded.accumulators, std::span<const std::int32_t>(result.accumulators)) &&
         (!result.has_output || output_agrees());
}

Difference first_difference(const traces::Manifest& manifest, const traces::GemmRecord& record,
                            const RecordedGemm& recorded, traces::Machine* differing,
                            const traces::GemmResult& result, const Witness* witness) {
  Difference difference = difference_in(manifest, record);
  if (!has_recorded_size(recorded, result)) {
    difference.what = "result";
    difference.expected =
        fmt::format("{} elements", traces::result_elements(recorded.gemm.phase, recorded.gemm.geometry));
    difference.got =
        fmt::format("{} accumulators and {} outputs", result.accumulators.size(), result.output.size());
    difference.why_no_k = "the result has another size";
  } else if (!agrees(recorded.accumulators, std::span<const std::int32_t>(result.accumulators))) {
    locate_accumulator(recorded, differing, result, witness, difference);
  } else if (bits_of(result.scale) != bits_of(recorded.scale)) {
    compare_field("scale", recorded.scale, result.scale, difference);
    difference.why_no_k = "every accumulator is equal";
  } else {
    difference.what = "output";
    locate(recorded.output, output_of(witness), result.output, recorded.gemm, difference);
    difference.why_no_k = "every accumulator is equal";
  }
  return difference;
}

std::optional<Difference> first_difference(const traces::Manifest& manifest,
                                           const RecordedQuantizer& recorded,
                                           const traces::QuantizerResult& result) {
  Difference difference = difference_in(manifest, recorded.record);
  if (result.codes.size() != recorded.codes.size()) {
    difference.what = "result";
    difference.expected = fmt::format("{} bytes of codes", recorded.codes.size());
    difference.got = fmt::format("{}", result.codes.size());
    return difference;
  }
  compare_fields(recorded.record, result, difference);
  compare_codes(recorded, result, difference);
  if (difference.what.empty()) return std::nullopt;
  return difference;
}

Difference no_result(const traces::Manifest& manifest, const traces::GemmRecord& record,
                     std::string_view what, const std::string& got) {
  Difference difference = without_result(difference_in(manifest, record), what, got);
  difference.why_no_k = "there is no accumulator";
  return difference;
}

Difference no_result(const traces::Manifest& manifest, const traces::QuantizerRecord& record,
                     std::string_view what, const std::string& got) {
  return without_result(difference_in(manifest, record), what, got);
}

}  // namespace quatrain::sim
