#pragma once
/// Compares every record of a trace with machines: which records are equal, bit for bit, and where each
/// machine first parts from the trace. Codes of a machine never feed another check: every GEMM takes its
/// operands from the trace.

#include "sim/records/misbehaviour.hpp"
#include "sim/verify/difference.hpp"
#include "sim/verify/difference_study.hpp"
#include "sim/verify/mac_count.hpp"
#include "traces/base/progress.hpp"
#include "traces/format/reader.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

/// A machine of the registry, or the reason why it is left out.
struct Candidate {
  std::string name;
  traces::Machine* machine = nullptr;
  std::string why_not;
  /// GEMM records, by name, whose accumulators this machine has been shown to have (a replay by `quatrain
  /// sim`): they count as equal and are not computed again.
  std::set<std::string> proven = {};
  /// Of a machine whose results were computed before, by another program: told each record's name before it
  /// is asked for it. Such a machine cannot compute the first terms of a sum alone, so no k is looked for.
  std::function<void(const std::string& record)> announce = {};
};

struct CrossCheckOptions {
  std::uint64_t result_limit_mib = 1024;  ///< a GEMM with a larger result is an Error
  std::function<bool()> stops;            ///< polled between records; may be empty
};

struct UnsupportedRecord {
  std::string record, reason;
};

struct MisbehavedRecord {
  std::string record;
  Misbehaviour kind;
  std::string text;
};

enum class Verdict : std::uint8_t { equal, different, skipped };
inline constexpr std::array<std::string_view, 3> verdict_words = {"equal", "different", "skipped"};
std::string_view name_of(Verdict verdict);

struct MachineFindings {
  std::string name;
  std::string ran_on;                        ///< empty when skipped
  std::string why_not;                       ///< set when skipped
  std::uint64_t gemms = 0, gemms_equal = 0;  ///< of the records that it supports
  std::uint64_t quantizers = 0, quantizers_equal = 0;
  std::uint64_t elements = 0;  ///< accumulators, outputs and codes that were compared
  std::uint64_t different_elements = 0;
  /// Different records whose different elements nobody knows: the machine gave no result of the right size,
  /// or the trace holds checksums alone and no machine agrees with them.
  std::uint64_t uncounted_records = 0;
  std::uint64_t macs = 0;  ///< of the GEMMs that it computed
  double seconds = 0;
  std::vector<UnsupportedRecord> unsupported;
  std::vector<MisbehavedRecord> misbehaved;  ///< a kernel from outside crashed, hung, ...; they are different
  std::optional<Difference> first_difference;
  DifferenceFindings gemm_differences, quantizer_differences;  ///< what they look like, and their cause

  bool checked() const { return records() > 0; }
  std::uint64_t records() const { return gemms + quantizers; }
  std::uint64_t different_records() const { return records() - gemms_equal - quantizers_equal; }
  Verdict verdict() const;
};

struct RecordCounts {
  std::uint64_t gemms = 0, quantizers = 0, accumulators = 0, codes = 0;
  MacCount macs;
};

struct CrossCheck {
  std::string directory, manifest_sha256, model;
  std::set<std::uint32_t> steps;
  RecordCounts records;
  std::vector<std::string> contradictions;  ///< records that contradict themselves, whatever a machine says
  /// Records in which the trace is the odd one: two machines or more computed them, and all of these agree
  /// with each other and not with the trace.
  std::vector<std::string> trace_alone;
  std::vector<MachineFindings> machines;  ///< in the order of the candidates

  bool checked() const;  ///< at least one record by at least one machine
  bool equal() const;    ///< checked, every supported record of every machine equal, no contradiction
};

/// First the quantizers, then the GEMMs, each in the manifest's order. The trace has passed check_trace.
/// Throws Error for a record that no machine may compute (recorded.hpp), before any machine runs where the
/// manifest shows it.
CrossCheck cross_check(const traces::TraceReader& trace, const std::vector<Candidate>& candidates,
                       const CrossCheckOptions& options, base::Progress& progress);

}  // namespace quatrain::sim
