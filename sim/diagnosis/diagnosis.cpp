#include "sim/diagnosis/diagnosis.hpp"

#include "sim/diagnosis/quantizer/model.hpp"
#include "sim/diagnosis/sampling.hpp"
#include "sim/records/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quatrain::sim::diagnosis {
namespace {

constexpr unsigned most_records = 8;            // of one scope
constexpr std::int64_t most_terms = 2'000'000;  // a second at most, with all claims on the first elements
constexpr std::int64_t longest_sum = 1 << 20;
constexpr std::size_t fewest_elements = 16, most_elements = 4096, most_codes = 65'536;
constexpr std::size_t trace_order = 0, race_order = 200'000, output_order = 100'000, hypothesis_width = 1000;

/// A claim under trial on one record.
struct Trial {
  std::size_t order = 0;
  GemmClaim claim;
  bool has_predicted = false;
};

template <typename Value>
std::vector<std::int64_t> elements_where(std::size_t count, const Value& value) {
  std::vector<std::int64_t> elements;
  for (std::size_t i = 0; i < count; ++i)
    if (value(i)) elements.push_back(static_cast<std::int64_t>(i));
  return elements;
}

std::size_t elements_for(const DifferingGemm& gemm) {
  const std::int64_t terms =
      std::max<std::int64_t>(gemm.size.k, 1) * static_cast<std::int64_t>(gemm.right.size());
  return std::clamp(static_cast<std::size_t>(most_terms / terms), fewest_elements, most_elements);
}

std::vector<Trial> proposed(const DifferingGemm& gemm, const Sum& first) {
  std::vector<Trial> trials;
  std::size_t order = hypothesis_width;
  for (const GemmHypothesis hypothesis : gemm_hypotheses()) {
    std::size_t within = order;
    for (GemmClaim& claim : hypothesis(gemm, first)) trials.push_back({within++, std::move(claim)});
    order += hypothesis_width;
  }
  return trials;
}

/// Drops the trials whose prediction for an element is another than what it shows.
void try_on(std::vector<Trial>& trials, const DifferingGemm& gemm, const Sum& sum, std::int32_t shown) {
  std::erase_if(trials, [&](Trial& trial) {
    const auto predicted = trial.claim.predict(gemm, sum);
    if (!predicted) return false;
    if (*predicted != shown) return true;
    trial.has_predicted = trial.has_predicted || sum.expected != sum.got;
    return false;
  });
}

/// What the machine gave is the sum of its terms.
bool is_right(const DifferingGemm& gemm, std::int64_t element) {
  const Sum sum = sum_at(gemm, element);
  const auto& left = traces::code_values(gemm.left.encoding);
  const auto& right = traces::code_values(gemm.right[0].encoding);
  return sum_of_pairs(sum, [&](unsigned a, unsigned b) { return left[a] * right[b]; }) == sum.got;
}

bool contradicts(const GemmClaim& claim, const DifferingGemm& gemm, const Sum& sum) {
  const auto predicted = claim.predict(gemm, sum);
  return predicted && *predicted != sum.expected;
}

/// The key of an output claim beside those of accumulators.
std::string race_evidence(std::uint64_t unsteady) {
  return fmt::format("a second run gives {} element{} with other bits than the first", unsteady,
                     unsteady == 1 ? "" : "s");
}

bool explains_outputs(const OutputClaim& claim, const DifferingGemm& gemm) {
  for (std::size_t i = 0; i < gemm.got.size(); ++i) {
    const auto predicted = claim.predict(gemm, gemm.expected[i]);
    if (!predicted || bits_of(*predicted) != bits_of(gemm.got_output[i])) return false;
  }
  return true;
}

}  // namespace

std::string scope_of(const traces::Gemm& gemm, traces::Encoding left, traces::Encoding right) {
  return fmt::format("{} {} {}", traces::name_of(gemm.phase), traces::name_of(left), traces::name_of(right));
}

std::string scope_of(const DifferingGemm& gemm) {
  return scope_of(gemm.gemm, gemm.left.encoding, gemm.right[0].encoding);
}

std::string scope_of(const DifferingQuantizer& quantizer) {
  return std::string(traces::name_of(quantizer.task.rule));
}

bool GemmDiagnoser::wants(const std::string& scope) const {
  const auto found = seen_.find(scope);
  return found == seen_.end() || found->second < most_records;
}

void GemmDiagnoser::add(const DifferingGemm& gemm) {
  ++seen_[scope_of(gemm)];
  ranking_.add_record();
  const bool is_explained = gemm.expected != gemm.got ? add_accumulators(gemm) : add_outputs(gemm);
  if (!is_explained && gemm.unsteady.value_or(0) > 0)  // what is left over explains an unsteady result too
    ranking_.explains("race", race_order, scope_of(gemm), race_evidence(*gemm.unsteady));
}

bool GemmDiagnoser::add_accumulators(const DifferingGemm& gemm) {
  if (gemm.size.k > longest_sum) return false;
  const auto is_different = [&](std::size_t i) { return gemm.expected[i] != gemm.got[i]; };
  const auto different = elements_where(gemm.got.size(), is_different);
  const auto equal = elements_where(gemm.got.size(), [&](std::size_t i) { return !is_different(i); });
  const std::size_t most = elements_for(gemm);
  const auto looked_at = spread(different, most), equal_looked_at = spread(equal, most / 2);

  if (std::ranges::all_of(looked_at, [&](std::int64_t element) { return is_right(gemm, element); })) {
    ranking_.explains(trace_cause, trace_order, scope_of(gemm),
                      fmt::format("{} of the machine follow from the operands, and the trace has others",
                                  count_text(looked_at.size(), different.size())));
    return true;
  }
  std::vector<Trial> trials = proposed(gemm, sum_at(gemm, different.front()));
  for (const std::int64_t element : looked_at) {
    const Sum sum = sum_at(gemm, element);
    try_on(trials, gemm, sum, sum.got);
    if (trials.empty()) return false;
  }
  for (const std::int64_t element : equal_looked_at) {
    const Sum sum = sum_at(gemm, element);
    try_on(trials, gemm, sum, sum.expected);
    if (trials.empty()) return false;
  }
  std::erase_if(trials, [](const Trial& trial) { return !trial.has_predicted; });
  for (Trial& trial : trials) {
    const std::string statement = trial.claim.statement(gemm);
    ranking_.explains(trial.claim.cause, trial.order, scope_of(gemm),
                      fmt::format("{} {}", count_text(looked_at.size(), different.size()), statement));
    const std::string cause = trial.claim.cause;
    believed_.emplace(cause, std::move(trial.claim));
  }
  return !trials.empty();
}

bool GemmDiagnoser::add_outputs(const DifferingGemm& gemm) {
  const auto different = elements_where(gemm.got_output.size(), [&](std::size_t i) {
    return bits_of(gemm.got_output[i]) != bits_of(gemm.expected_output[i]);
  });
  if (different.empty()) return false;
  std::size_t order = output_order;
  bool is_explained = false;
  for (const OutputClaim& claim : output_claims()) {
    const bool explains = explains_outputs(claim, gemm);
    is_explained = is_explained || explains;
    if (explains)
      ranking_.explains(claim.cause, order, scope_of(gemm),
                        fmt::format("every accumulator is right, and {} {}",
                                    count_text(different.size(), different.size()), claim.statement));
    ++order;
  }
  return is_explained;
}

bool GemmDiagnoser::wants_equal(const std::string& scope) const {
  const auto found = seen_equal_.find(scope);
  if (found != seen_equal_.end() && found->second >= 2 * most_records) return false;
  const auto leaders = ranking_.leaders();
  return std::ranges::any_of(leaders, [&](const auto& leader) {
    return believed_.contains(leader.first) && leader.second.contains(scope);
  });
}

void GemmDiagnoser::add_equal(const DifferingGemm& gemm) {
  const std::string scope = scope_of(gemm);
  ++seen_equal_[scope];
  if (gemm.size.k > longest_sum) return;
  const auto all = elements_where(gemm.expected.size(), [](std::size_t) { return true; });
  auto leaders = ranking_.leaders();
  std::erase_if(leaders, [&](const auto& leader) {
    return !leader.second.contains(scope) || !believed_.contains(leader.first);
  });
  for (const std::int64_t element : spread(all, elements_for(gemm) / 8 + 2)) {
    const Sum sum = sum_at(gemm, element);
    std::erase_if(leaders, [&](const auto& leader) {
      if (!contradicts(believed_.at(leader.first), gemm, sum)) return false;
      ranking_.is_contradicted(leader.first);
      return true;
    });
  }
}

bool QuantizerDiagnoser::wants(const std::string& scope) const {
  const auto found = seen_.find(scope);
  return found == seen_.end() || found->second < most_records;
}

void QuantizerDiagnoser::add(const DifferingQuantizer& quantizer) {
  const std::string scope = scope_of(quantizer);
  ++seen_[scope];
  ranking_.add_record();
  const auto is_different = [&](std::size_t i) { return quantizer.expected[i] != quantizer.got[i]; };
  const auto different = elements_where(quantizer.got.size(), is_different);
  const auto equal = elements_where(quantizer.got.size(), [&](std::size_t i) { return !is_different(i); });
  const auto looked_at = spread(different, most_codes), equal_looked_at = spread(equal, most_codes);
  const bool scale_differs = bits_of(quantizer.scale) != bits_of(quantizer.got_scale);
  const auto is_right_code = [&](std::int64_t element) {
    return code_of(quantizer, element) == quantizer.got[static_cast<std::size_t>(element)];
  };
  if (!different.empty() && !scale_differs && std::ranges::all_of(looked_at, is_right_code)) {
    ranking_.explains(trace_cause, trace_order, scope,
                      fmt::format("{} of the machine follow from the source, and the trace has others",
                                  count_text(looked_at.size(), different.size())));
    return;
  }
  std::size_t order = 0;
  bool is_explained = false;
  for (const QuantizerClaim& claim : quantizer_claims()) {
    ++order;
    if (bits_of(claim.scale(quantizer)) != bits_of(quantizer.got_scale)) continue;
    const auto fits = [&](std::int64_t element) {
      const auto predicted = claim.predict(quantizer, element);
      return predicted && *predicted == quantizer.got[static_cast<std::size_t>(element)];
    };
    if (!std::ranges::all_of(looked_at, fits) || !std::ranges::all_of(equal_looked_at, fits)) continue;
    if (different.empty() && !scale_differs) continue;
    is_explained = true;
    ranking_.explains(
        claim.cause, order, scope,
        different.empty()
            ? fmt::format("every code is right, and the scale {} as if it would {}", quantizer.got_scale,
                          claim.statement)
            : fmt::format("{} {}", count_text(looked_at.size(), different.size()), claim.statement));
  }
  if (!is_explained && quantizer.unsteady.value_or(0) > 0)
    ranking_.explains("race", race_order, scope, race_evidence(*quantizer.unsteady));
}

}  // namespace quatrain::sim::diagnosis
