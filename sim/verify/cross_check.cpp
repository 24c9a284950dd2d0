#include "sim/verify/cross_check.hpp"

#include "sim/verify/first_difference.hpp"
#include "traces/base/error.hpp"
#include "traces/encoding/nibbles.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <utility>

namespace quatrain::sim {
namespace {

using traces::GemmRecord;
using traces::QuantizerRecord;

/// A machine that runs, with what is found of it.
struct Running {
  traces::Machine& machine;
  MachineFindings& findings;
  const std::set<std::string>& proven;
  const std::function<void(const std::string& record)>& announce;
  DifferenceStudy& study;
};

/// Adds the seconds of its life to a machine's.
class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds), begin_(std::chrono::steady_clock::now()) {}
  ~Stopwatch() {
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point begin_;
};

/// What a machine gave for a record.
template <typename Result>
struct Answer {
  Running running;
  Result result;
};

void note_first(MachineFindings& findings, Difference difference) {
  if (!findings.first_difference) findings.first_difference = std::move(difference);
}

class CrossChecker {
 public:
  CrossChecker(const traces::TraceReader& trace, const std::vector<Candidate>& candidates,
               const CrossCheckOptions& options, base::Progress& progress)
      : trace_(trace), manifest_(trace.manifest()), options_(options), progress_(progress) {
    for (const GemmRecord& record : manifest_.gemms)
      require_computable(trace_, record, options.result_limit_mib);
    describe_trace();
    for (const Candidate& candidate : candidates) {
      MachineFindings findings;
      findings.name = candidate.name;
      findings.why_not = candidate.why_not;
      result_.machines.push_back(std::move(findings));
    }
    for (std::size_t i = 0; i < candidates.size(); ++i)
      if (candidates[i].machine != nullptr)
        running_.push_back({*candidates[i].machine, result_.machines[i], candidates[i].proven,
                            candidates[i].announce, studies_.emplace_back(trace_)});
  }

  CrossCheck run() {
    progress_.begin("verify", (result_.records.codes + macs_of(manifest_)) * running_.size());
    for (const QuantizerRecord& record : manifest_.quantizers) check(record);
    for (const GemmRecord& record : manifest_.gemms) check(record);
    progress_.finish();
    for (const Running& running : running_) finish(running);
    return std::move(result_);
  }

 private:
  void describe_trace() {
    result_.directory = trace_.directory().string();
    result_.manifest_sha256 = trace_.manifest_sha256();
    result_.model = manifest_.run.model;
    RecordCounts& records = result_.records;
    records.gemms = manifest_.gemms.size();
    records.quantizers = manifest_.quantizers.size();
    for (const GemmRecord& record : manifest_.gemms) {
      result_.steps.insert(record.step);
      records.accumulators += static_cast<std::uint64_t>(traces::element_count(record.result_shape));
    }
    for (const QuantizerRecord& record : manifest_.quantizers) {
      result_.steps.insert(record.step);
      records.codes += elements_of(record);
    }
  }

  std::uint64_t elements_of(const QuantizerRecord& record) const {
    return static_cast<std::uint64_t>(traces::element_count(manifest_.tensors.at(record.codes).shape));
  }

  void advance(std::uint64_t work, const std::string& record) {
    progress_.update(done_ += work, record);
    if (options_.stops && options_.stops()) throw base::Interrupted();
  }

  /// A record that the machine supports counts from here on.
  static bool supports(const traces::Refusal& refusal, const std::string& record, std::uint64_t& records,
                       MachineFindings& findings) {
    if (refusal)
      findings.unsupported.push_back({record, *refusal});
    else
      ++records;
    return !refusal;
  }

  /// What the machine computes; nothing, and noted, where it fails on a legal record, or sees only now that
  /// it does not support it. `records` and `asked` count the record already.
  template <typename Record, typename Compute>
  auto answer_of(const Running& running, const Record& record, std::uint64_t& records, std::size_t& asked,
                 const Compute& compute) -> std::optional<decltype(compute())> {
    MachineFindings& findings = running.findings;
    try {
      const Stopwatch stopwatch(findings.seconds);
      return compute();
    } catch (const base::Interrupted&) {
      throw;
    } catch (const Refused& refused) {
      --records;
      --asked;
      findings.unsupported.push_back({name_in(record), refused.what()});
    } catch (const Misbehaved& misbehaved) {
      ++findings.uncounted_records;
      findings.misbehaved.push_back({name_in(record), misbehaved.kind(), misbehaved.what()});
      if (const auto* both = dynamic_cast<const Unsteady<decltype(compute())>*>(&misbehaved))
        running.study.is_unsteady(record, both->first, both->second);
      note_first(findings, no_result(manifest_, record, name_of(misbehaved.kind()), misbehaved.what()));
    } catch (const base::Error& error) {
      ++findings.uncounted_records;
      note_first(findings,
                 no_result(manifest_, record, "result", fmt::format("the error '{}'", error.what())));
    }
    return std::nullopt;
  }

  std::string name_in(const GemmRecord& record) const { return name_of(manifest_, record); }
  static std::string name_in(const QuantizerRecord& record) { return record.id; }

  /// `asked`: the machines that support the record.
  template <typename Result>
  bool note_if_trace_is_alone(const std::string& record, const std::vector<Answer<Result>>& differing,
                              std::size_t asked) {
    const auto is_as_first = [&](const auto& answer) {
      return same_bits(answer.result, differing.front().result);
    };
    const bool is_alone = differing.size() > 1 && differing.size() == asked &&
                          std::all_of(differing.begin(), differing.end(), is_as_first);
    if (is_alone) result_.trace_alone.push_back(record);
    return is_alone;
  }

  void check(const QuantizerRecord& record) {
    if (const auto element = code_of_zero_record(trace_, record))
      result_.contradictions.push_back(
          fmt::format("quantizer {}: its maximum is below 2^-100, but element {} has a code that is not zero",
                      record.id, *element));
    std::optional<RecordedQuantizer> recorded;
    if (record.source) recorded.emplace(trace_, record);
    std::vector<Answer<traces::QuantizerResult>> differing;
    std::size_t asked = 0;
    for (const Running& running : running_) {
      traces::Machine& machine = running.machine;
      MachineFindings& findings = running.findings;
      if (running.announce) running.announce(record.id);
      traces::Refusal refusal = machine.refuses(record.rule);
      if (!refusal && !recorded) refusal = "the trace does not hold the source";
      if (supports(refusal, record.id, findings.quantizers, findings)) {
        ++asked;
        auto result = answer_of(running, record, findings.quantizers, asked,
                                [&] { return machine.quantize(recorded->task); });
        if (result && !agrees(*recorded, *result, findings))
          differing.push_back({running, *std::move(result)});
        else if (result)
          running.study.equal(record);
      }
      advance(elements_of(record), record.id);
    }
    const bool is_alone = note_if_trace_is_alone(record.id, differing, asked);
    for (const auto& [running, result] : differing) {
      if (is_alone)
        running.study.trace_is_alone(*recorded, result, asked);
      else
        running.study.differs(*recorded, running.machine, result);
    }
  }

  bool agrees(const RecordedQuantizer& recorded, const traces::QuantizerResult& result,
              MachineFindings& findings) const {
    if (result.codes.size() == recorded.codes.size()) {
      findings.elements += elements_of(recorded.record);
      findings.different_elements += different_codes(recorded.codes, result.codes);
    } else {
      ++findings.uncounted_records;
    }
    auto difference = first_difference(manifest_, recorded, result);
    if (difference)
      note_first(findings, *std::move(difference));
    else
      ++findings.quantizers_equal;
    return !difference;
  }

  /// All machines compute the record before differences are explained: one that agrees is needed for that.
  void check(const GemmRecord& record) {
    const RecordedGemm recorded(trace_, record);
    const MacCount macs = count_macs(recorded.gemm, recorded.left, recorded.right);
    result_.records.macs += macs;
    std::optional<std::pair<traces::Machine*, traces::GemmResult>> agreeing;
    std::vector<Answer<traces::GemmResult>> differing;
    std::size_t asked = 0;
    for (const Running& running : running_) {
      auto& [machine, findings, proven, announce, study] = running;
      if (announce) announce(recorded.name);
      const auto refusal = machine.refuses(recorded.gemm, recorded.left.encoding, recorded.right[0].encoding);
      if (proven.contains(recorded.name)) {
        ++findings.gemms;
        ++findings.gemms_equal;
        findings.elements += static_cast<std::uint64_t>(traces::element_count(record.result_shape));
      } else if (supports(refusal, recorded.name, findings.gemms, findings)) {
        ++asked;
        auto result = answer_of(running, record, findings.gemms, asked, [&] {
          return machine.multiply(recorded.gemm, recorded.left, recorded.right);
        });
        if (result) {
          findings.macs += macs.all;
          if (!sim::agrees(recorded, *result)) {
            differing.push_back({running, *std::move(result)});
          } else {
            ++findings.gemms_equal;
            study.equal(record);
            findings.elements += result->accumulators.size() + result->output.size();
            if (!agreeing || (result->has_output && !agreeing->second.has_output))
              agreeing.emplace(&machine, *std::move(result));
          }
        }
      }
      advance(macs.all, recorded.name);
    }
    std::optional<Witness> witness;
    if (agreeing) witness.emplace(Witness{*agreeing->first, agreeing->second});
    const bool is_alone = note_if_trace_is_alone(recorded.name, differing, asked);
    for (const auto& [running, result] : differing) {
      if (is_alone)
        running.study.trace_is_alone(record, recorded, result, asked);
      else
        running.study.differs(record, recorded, running.machine, result,
                              agreeing ? &agreeing->second : nullptr);
      explain(record, recorded, running, result, witness ? &*witness : nullptr);
    }
  }

  void explain(const GemmRecord& record, const RecordedGemm& recorded, const Running& running,
               const traces::GemmResult& result, const Witness* witness) {
    MachineFindings& findings = running.findings;
    if (has_recorded_size(recorded, result))
      findings.elements += result.accumulators.size() + result.output.size();
    if (const auto different = different_elements(recorded, result, witness))
      findings.different_elements += *different;
    else
      ++findings.uncounted_records;
    if (!findings.first_difference)
      findings.first_difference = first_difference(
          manifest_, record, recorded, running.announce ? nullptr : &running.machine, result, witness);
  }

  static void finish(const Running& running) {
    running.findings.ran_on = running.machine.ran_on();
    if (!running.proven.empty())
      running.findings.ran_on += fmt::format("; {} GEMMs replayed by quatrain sim", running.proven.size());
    running.findings.gemm_differences = running.study.gemms();
    running.findings.quantizer_differences = running.study.quantizers();
    if (!running.findings.checked()) running.findings.why_not = "it supports no record of this trace";
  }

  const traces::TraceReader& trace_;
  const traces::Manifest& manifest_;
  const CrossCheckOptions& options_;
  base::Progress& progress_;
  CrossCheck result_;
  std::deque<DifferenceStudy> studies_;  ///< one for each that runs; they do not move
  std::vector<Running> running_;
  std::uint64_t done_ = 0;
};

}  // namespace

std::string_view name_of(Verdict verdict) { return verdict_words[static_cast<std::size_t>(verdict)]; }

Verdict MachineFindings::verdict() const {
  if (!why_not.empty()) return Verdict::skipped;
  return gemms_equal == gemms && quantizers_equal == quantizers ? Verdict::equal : Verdict::different;
}

bool CrossCheck::checked() const {
  return std::any_of(machines.begin(), machines.end(), [](const auto& machine) { return machine.checked(); });
}

bool CrossCheck::equal() const {
  const auto fine = [](const MachineFindings& machine) { return machine.verdict() != Verdict::different; };
  return checked() && contradictions.empty() && std::all_of(machines.begin(), machines.end(), fine);
}

CrossCheck cross_check(const traces::TraceReader& trace, const std::vector<Candidate>& candidates,
                       const CrossCheckOptions& options, base::Progress& progress) {
  return CrossChecker(trace, candidates, options, progress).run();
}

}  // namespace quatrain::sim
