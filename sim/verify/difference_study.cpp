#include "sim/verify/difference_study.hpp"

#include "sim/diagnosis/quantizer/model.hpp"
#include "sim/records/compare.hpp"
#include "sim/verify/first_difference.hpp"
#include "traces/base/error.hpp"
#include "traces/encoding/nibbles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

namespace quatrain::sim {
namespace {

using diagnosis::DifferingGemm;
using diagnosis::DifferingQuantizer;
using traces::GemmRecord;
using traces::QuantizerRecord;

/// What the elements should be: as recorded, or as a machine has them that agrees with the checksum.
template <typename Element>
const std::vector<Element>* known(const Recorded<Element>& recorded, const std::vector<Element>* witnessed) {
  return recorded.elements ? &*recorded.elements : witnessed;
}

/// Nothing where nobody knows the accumulators, or where the result has another size. The outputs stay empty
/// where nobody knows them.
std::optional<DifferingGemm> laid_open(const RecordedGemm& recorded, const traces::GemmResult& got,
                                       const traces::GemmResult* witnessed) {
  const auto* accumulators = known(recorded.accumulators, witnessed ? &witnessed->accumulators : nullptr);
  if (accumulators == nullptr || !has_recorded_size(recorded, got)) return std::nullopt;
  if (recorded.gemm.accumulator.is_float()) return std::nullopt;  // the hypotheses are about integers
  DifferingGemm gemm = diagnosis::differing_gemm(recorded.name, recorded.gemm, recorded.left, recorded.right);
  gemm.expected = *accumulators;
  gemm.got = got.accumulators;
  gemm.scale = recorded.scale;
  gemm.got_scale = got.scale;
  const bool has_witness = witnessed != nullptr && witnessed->has_output;
  if (const auto* outputs = known(recorded.output, has_witness ? &witnessed->output : nullptr);
      outputs != nullptr && got.has_output) {
    gemm.expected_output = *outputs;
    gemm.got_output = got.output;
  }
  return gemm;
}

DifferingQuantizer laid_open(const RecordedQuantizer& recorded, const traces::QuantizerResult& got) {
  const std::size_t elements = recorded.source.size();
  return {.name = recorded.record.id,
          .task = recorded.task,
          .facts = recorded.record.facts,
          .scale = recorded.record.scale,
          .got_scale = got.scale,
          .expected = traces::unpack_nibbles(recorded.codes, elements),
          .got = traces::unpack_nibbles(got.codes, elements),
          .inverse_before = std::nullopt,
          .unsteady = std::nullopt};
}

std::optional<diagnosis::Pattern> pattern_of(const DifferingGemm& gemm) {
  auto pattern = diagnosis::pattern_of(gemm.gemm, std::span<const std::int32_t>(gemm.expected),
                                       std::span<const std::int32_t>(gemm.got));
  if (!pattern && !gemm.got_output.empty())
    pattern = diagnosis::pattern_of(gemm.gemm, std::span<const float>(gemm.expected_output),
                                    std::span<const float>(gemm.got_output));
  if (pattern) pattern->record = gemm.name;
  return pattern;
}

std::optional<diagnosis::Pattern> pattern_of(const DifferingQuantizer& quantizer) {
  auto pattern = diagnosis::pattern_of_codes(traces::encoding_of(quantizer.task.rule), quantizer.expected,
                                             quantizer.got);
  if (pattern) pattern->record = quantizer.name;
  return pattern;
}

template <typename Element>
std::uint64_t different(const std::vector<Element>& one, const std::vector<Element>& other) {
  if (one.size() != other.size()) return std::max(one.size(), other.size());
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < one.size(); ++i) count += bits_of(one[i]) != bits_of(other[i]);
  return count;
}

/// Elements that a second run gives otherwise; nothing where it fails.
std::optional<std::uint64_t> unsteady(const RecordedGemm& recorded, traces::Machine& machine,
                                      const traces::GemmResult& first) try {
  const traces::GemmResult second = machine.multiply(recorded.gemm, recorded.left, recorded.right);
  return std::max(different(first.accumulators, second.accumulators), different(first.output, second.output));
} catch (const base::Interrupted&) {
  throw;
} catch (const base::Error&) {
  return std::nullopt;
}

std::optional<std::uint64_t> unsteady(const RecordedQuantizer& recorded, traces::Machine& machine,
                                      const traces::QuantizerResult& first) try {
  const traces::QuantizerResult second = machine.quantize(recorded.task);
  if (second.codes.size() != first.codes.size()) return first.codes.size();
  return different_codes(first.codes, second.codes);
} catch (const base::Interrupted&) {
  throw;
} catch (const base::Error&) {
  return std::nullopt;
}

/// The factor from elements to steps; nothing for a tensor that counts as zero.
std::optional<float> inverse_of(const QuantizerRecord& record) {
  traces::QuantizerTask task;
  task.rule = record.rule;
  task.alpha = record.alpha;
  const float range = diagnosis::range_of(task, record.facts);
  if (!(record.scale > 0) || !(range > 0)) return std::nullopt;
  return diagnosis::inverse_of(record.rule, range);
}

std::string scope_of(const traces::Manifest& manifest, const GemmRecord& record) {
  const auto encoding = [&](const std::string& id) {
    return traces::encoding_of(manifest.quantizer(id).rule);
  };
  return diagnosis::scope_of({record.phase, {}}, encoding(record.left[0]), encoding(record.right[0]));
}

}  // namespace

void DifferenceStudy::equal(const GemmRecord& record) {
  equal_gemms_.push_back(&record);
  gemm_before_ = &record;
}

void DifferenceStudy::equal(const QuantizerRecord& record) { quantizer_before_ = &record; }

void DifferenceStudy::trace_is_alone(const GemmRecord& record, const RecordedGemm& recorded,
                                     const traces::GemmResult& got, std::size_t asked) {
  ++gemms_alone_.records;
  gemms_alone_.asked = asked;
  if (!gemms_.pattern)
    if (const auto gemm = laid_open(recorded, got, nullptr)) gemms_.pattern = pattern_of(*gemm);
  gemm_before_ = &record;
}

void DifferenceStudy::trace_is_alone(const RecordedQuantizer& recorded, const traces::QuantizerResult& got,
                                     std::size_t asked) {
  ++quantizers_alone_.records;
  quantizers_alone_.asked = asked;
  if (!quantizers_.pattern && got.codes.size() == recorded.codes.size())
    quantizers_.pattern = pattern_of(laid_open(recorded, got));
  quantizer_before_ = &recorded.record;
}

void DifferenceStudy::add(DifferingGemm gemm, const GemmRecord* left_over) {
  if (!gemms_.pattern) gemms_.pattern = pattern_of(gemm);
  std::optional<diagnosis::GemmBefore> before;
  if (left_over != nullptr) {
    const RecordedGemm older(trace_, *left_over);
    DifferingGemm open = diagnosis::differing_gemm(older.name, older.gemm, older.left, older.right);
    before.emplace(diagnosis::GemmBefore{std::move(open.left), std::move(open.right),
                                         older.accumulators.elements.value_or(std::vector<std::int32_t>{}),
                                         older.scale});
    gemm.before = &*before;
  }
  gemm_diagnoser_.add(gemm);
}

void DifferenceStudy::add(DifferingQuantizer quantizer, const QuantizerRecord* left_over) {
  if (!quantizers_.pattern) quantizers_.pattern = pattern_of(quantizer);
  if (!quantizer_diagnoser_.wants(diagnosis::scope_of(quantizer))) return;
  if (left_over != nullptr) quantizer.inverse_before = inverse_of(*left_over);
  quantizer_diagnoser_.add(quantizer);
}

void DifferenceStudy::differs(const GemmRecord& record, const RecordedGemm& recorded,
                              traces::Machine& machine, const traces::GemmResult& got,
                              const traces::GemmResult* witnessed) {
  different_gemms_.push_back(&record);
  const GemmRecord* const before = std::exchange(gemm_before_, &record);
  if (!gemm_diagnoser_.wants(scope_of(trace_.manifest(), record))) return;
  auto gemm = laid_open(recorded, got, witnessed);
  if (!gemm) return;
  if (!std::exchange(gemm_was_repeated_, true)) gemm->unsteady = unsteady(recorded, machine, got);
  add(*std::move(gemm), before);
}

void DifferenceStudy::is_unsteady(const GemmRecord& record, const traces::GemmResult& first,
                                  const traces::GemmResult& second) {
  different_gemms_.push_back(&record);
  const GemmRecord* const before = std::exchange(gemm_before_, &record);
  if (!gemm_diagnoser_.wants(scope_of(trace_.manifest(), record))) return;
  const RecordedGemm recorded(trace_, record);
  const bool is_first = !agrees(recorded, first);  // the second run comes after this very record
  auto gemm = laid_open(recorded, is_first ? first : second, nullptr);
  if (!gemm) return;
  gemm->unsteady =
      std::max(different(first.accumulators, second.accumulators), different(first.output, second.output));
  add(*std::move(gemm), is_first ? before : &record);
}

void DifferenceStudy::differs(const RecordedQuantizer& recorded, traces::Machine& machine,
                              const traces::QuantizerResult& got) {
  const QuantizerRecord* const before = std::exchange(quantizer_before_, &recorded.record);
  if (got.codes.size() != recorded.codes.size()) return;
  DifferingQuantizer quantizer = laid_open(recorded, got);
  if (!std::exchange(quantizer_was_repeated_, true)) quantizer.unsteady = unsteady(recorded, machine, got);
  add(std::move(quantizer), before);
}

void DifferenceStudy::is_unsteady(const QuantizerRecord& record, const traces::QuantizerResult& first,
                                  const traces::QuantizerResult& second) {
  const QuantizerRecord* const before = std::exchange(quantizer_before_, &record);
  const RecordedQuantizer recorded(trace_, record);
  const bool is_first = first_difference(trace_.manifest(), recorded, first).has_value();
  DifferingQuantizer quantizer = laid_open(recorded, is_first ? first : second);
  quantizer.unsteady = std::max<std::uint64_t>(different_codes(first.codes, second.codes), 1);
  add(std::move(quantizer), is_first ? before : &record);
}

void DifferenceStudy::hear_equal_records() {
  for (const GemmRecord* record : equal_gemms_) {
    if (!gemm_diagnoser_.wants_equal(scope_of(trace_.manifest(), *record))) continue;
    const RecordedGemm recorded(trace_, *record);
    if (!recorded.accumulators.elements || recorded.gemm.accumulator.is_float()) continue;
    DifferingGemm gemm =
        diagnosis::differing_gemm(recorded.name, recorded.gemm, recorded.left, recorded.right);
    gemm.expected = gemm.got = *recorded.accumulators.elements;
    gemm_diagnoser_.add_equal(gemm);
  }
}

/// The smallest tile that divides the k of every equal GEMM and of no different one, among the phases that
/// differ.
void DifferenceStudy::note_k_tile() {
  if (!gemms_.pattern || equal_gemms_.empty()) return;
  std::set<traces::Phase> phases;
  for (const GemmRecord* record : different_gemms_) phases.insert(record->phase);
  for (const std::int64_t tile : {2, 4, 8, 16, 32, 64, 128, 256}) {
    const auto is_whole = [tile](const GemmRecord* record) { return record->size.k % tile == 0; };
    const auto is_other_phase_or_whole = [&](const GemmRecord* record) {
      return !phases.contains(record->phase) || is_whole(record);
    };
    const auto speaks = [&](const GemmRecord* record) { return phases.contains(record->phase); };
    if (std::ranges::none_of(different_gemms_, is_whole) && std::ranges::any_of(equal_gemms_, speaks) &&
        std::ranges::all_of(equal_gemms_, is_other_phase_or_whole)) {
      gemms_.pattern->k_tile = tile;
      return;
    }
  }
}

std::optional<diagnosis::Diagnosis> DifferenceStudy::blamed(std::optional<diagnosis::Diagnosis> machine,
                                                            const Alone& alone) const {
  if (machine || alone.records == 0) return machine;
  return diagnosis::Diagnosis{
      .cause = diagnosis::trace_cause,
      .evidence = fmt::format(
          "in {} record{} all {} machines that support {} agree with each other and not with the trace",
          alone.records, alone.records == 1 ? "" : "s", alone.asked, alone.records == 1 ? "it" : "them"),
      .records = alone.records,
      .explained = alone.records,
      .also = {}};
}

DifferenceFindings DifferenceStudy::gemms() {
  hear_equal_records();
  note_k_tile();
  gemms_.diagnosis = blamed(gemm_diagnoser_.diagnosis(), gemms_alone_);
  return gemms_;
}

DifferenceFindings DifferenceStudy::quantizers() {
  quantizers_.diagnosis = blamed(quantizer_diagnoser_.diagnosis(), quantizers_alone_);
  return quantizers_;
}

}  // namespace quatrain::sim
