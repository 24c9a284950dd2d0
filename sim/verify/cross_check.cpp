#include "sim/verify/cross_check.hpp"

#include "sim/verify/first_difference.hpp"
#include "traces/base/error.hpp"
#include "traces/encoding/nibbles.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace quatrain::sim {
namespace {

using traces::GemmRecord;
using traces::QuantizerRecord;

/// A machine that runs, with what is found of it.
struct Running {
  traces::Machine& machine;
  MachineFindings& findings;
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

void note_first(MachineFindings& findings, Difference difference) {
  if (!findings.first_difference) findings.first_difference = std::move(difference);
}

class CrossChecker {
 public:
  CrossChecker(const traces::TraceReader& trace, const std::vector<Candidate>& candidates,
               const CrossCheckOptions& options, traces::Progress& progress)
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
      if (candidates[i].machine != nullptr) running_.push_back({*candidates[i].machine, result_.machines[i]});
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
    if (options_.stops && options_.stops()) throw traces::Interrupted();
  }

  void check(const QuantizerRecord& record) {
    if (const auto element = code_of_zero_record(trace_, record))
      result_.contradictions.push_back(
          fmt::format("quantizer {}: its maximum is below 2^-100, but element {} has a code that is not zero",
                      record.id, *element));
    std::optional<RecordedQuantizer> recorded;
    if (record.source) recorded.emplace(trace_, record);
    for (const Running& running : running_) {
      check(running, record, recorded);
      advance(elements_of(record), record.id);
    }
  }

  void check(const Running& running, const QuantizerRecord& record,
             const std::optional<RecordedQuantizer>& recorded) {
    auto& [machine, findings] = running;
    traces::Refusal refusal = machine.refuses(record.rule);
    if (!refusal && !recorded) refusal = "the trace does not hold the source";
    if (refusal) {
      findings.unsupported.push_back({record.id, *refusal});
      return;
    }
    ++findings.quantizers;
    findings.elements += elements_of(record);
    std::optional<Difference> difference;
    try {
      const Stopwatch stopwatch(findings.seconds);
      difference = first_difference(manifest_, *recorded, machine.quantize(recorded->task));
    } catch (const traces::Interrupted&) {
      throw;
    } catch (const traces::Error& error) {
      difference = no_result(manifest_, record, error.what());
    }
    if (difference)
      note_first(findings, *std::move(difference));
    else
      ++findings.quantizers_equal;
  }

  /// All machines compute the record before differences are explained: one that agrees is needed for that.
  void check(const GemmRecord& record) {
    const RecordedGemm recorded(trace_, record);
    const MacCount macs = count_macs(recorded.gemm, recorded.left, recorded.right);
    result_.records.macs += macs;
    std::optional<std::pair<traces::Machine*, traces::GemmResult>> agreeing;
    std::vector<std::pair<Running, traces::GemmResult>> differing;
    for (const Running& running : running_) {
      if (auto result = multiply(running, record, recorded, macs)) {
        if (!agrees(recorded, *result)) {
          if (!running.findings.first_difference) differing.emplace_back(running, *std::move(result));
        } else {
          ++running.findings.gemms_equal;
          if (!agreeing) agreeing.emplace(&running.machine, *std::move(result));
        }
      }
      advance(macs.all, recorded.name);
    }
    std::optional<Witness> witness;
    if (agreeing) witness.emplace(Witness{*agreeing->first, agreeing->second});
    for (const auto& [running, result] : differing)
      note_first(running.findings, first_difference(manifest_, record, recorded, running.machine, result,
                                                    witness ? &*witness : nullptr));
  }

  std::optional<traces::GemmResult> multiply(const Running& running, const GemmRecord& record,
                                             const RecordedGemm& recorded, const MacCount& macs) {
    auto& [machine, findings] = running;
    if (const auto refusal =
            machine.refuses(recorded.gemm, recorded.left.encoding, recorded.right[0].encoding)) {
      findings.unsupported.push_back({recorded.name, *refusal});
      return std::nullopt;
    }
    ++findings.gemms;
    findings.macs += macs.all;
    findings.elements +=
        2 * static_cast<std::uint64_t>(traces::result_elements(recorded.gemm.phase, recorded.gemm.geometry));
    try {
      const Stopwatch stopwatch(findings.seconds);
      return machine.multiply(recorded.gemm, recorded.left, recorded.right);
    } catch (const traces::Interrupted&) {
      throw;
    } catch (const traces::Error& error) {
      note_first(findings, no_result(manifest_, record, error.what()));
      return std::nullopt;
    }
  }

  static void finish(const Running& running) {
    running.findings.ran_on = running.machine.ran_on();
    if (!running.findings.checked()) running.findings.why_not = "it supports no record of this trace";
  }

  const traces::TraceReader& trace_;
  const traces::Manifest& manifest_;
  const CrossCheckOptions& options_;
  traces::Progress& progress_;
  CrossCheck result_;
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

std::uint64_t macs_of(const traces::Manifest& manifest) {
  std::uint64_t macs = 0;
  for (const GemmRecord& record : manifest.gemms)
    macs += record.samples * static_cast<std::uint64_t>(traces::mac_count(record.size));
  return macs;
}

CrossCheck cross_check(const traces::TraceReader& trace, const std::vector<Candidate>& candidates,
                       const CrossCheckOptions& options, traces::Progress& progress) {
  return CrossChecker(trace, candidates, options, progress).run();
}

}  // namespace quatrain::sim
