#pragma once
/// Collects what one machine got wrong over a trace: the pattern of its first differing record, and the
/// diagnosis over as many as it takes (sim/diagnosis/). GEMMs and quantizers each for themselves.

#include "sim/diagnosis/diagnosis.hpp"
#include "sim/diagnosis/pattern.hpp"
#include "sim/records/recorded.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace quatrain::sim {

/// Of the GEMMs or the quantizers of one machine; empty where none differs in elements that are known.
struct DifferenceFindings {
  std::optional<diagnosis::Pattern> pattern;  ///< of the first such record
  std::optional<diagnosis::Diagnosis> diagnosis;
  friend bool operator==(const DifferenceFindings&, const DifferenceFindings&) = default;
};

class DifferenceStudy {
 public:
  explicit DifferenceStudy(const traces::TraceReader& trace) : trace_(trace) {}

  void equal(const traces::GemmRecord& record);
  void equal(const traces::QuantizerRecord& record);
  /// The trace stands alone in this record: the machine is not to blame. `asked`: machines that agree with
  /// each other.
  void trace_is_alone(const traces::GemmRecord& record, const RecordedGemm& recorded,
                      const traces::GemmResult& got, std::size_t asked);
  void trace_is_alone(const RecordedQuantizer& recorded, const traces::QuantizerResult& got,
                      std::size_t asked);
  /// `witnessed`: the result of a machine that agrees, null where none does. The machine is run once more at
  /// the first difference, to see whether it gives the same bits again.
  void differs(const traces::GemmRecord& record, const RecordedGemm& recorded, traces::Machine& machine,
               const traces::GemmResult& got, const traces::GemmResult* witnessed);
  void differs(const RecordedQuantizer& recorded, traces::Machine& machine,
               const traces::QuantizerResult& got);

  /// Two runs gave two results.
  void is_unsteady(const traces::GemmRecord& record, const traces::GemmResult& first,
                   const traces::GemmResult& second);
  void is_unsteady(const traces::QuantizerRecord& record, const traces::QuantizerResult& first,
                   const traces::QuantizerResult& second);

  /// Reads equal records again, where they can decide between causes.
  DifferenceFindings gemms();
  DifferenceFindings quantizers();

 private:
  struct Alone {
    std::uint64_t records = 0;
    std::size_t asked = 0;
  };
  /// `left_over`: the record that the machine computed before, null for none.
  void add(diagnosis::DifferingGemm gemm, const traces::GemmRecord* left_over);
  void add(diagnosis::DifferingQuantizer quantizer, const traces::QuantizerRecord* left_over);
  void hear_equal_records();
  void note_k_tile();
  std::optional<diagnosis::Diagnosis> blamed(std::optional<diagnosis::Diagnosis> machine,
                                             const Alone& alone) const;

  const traces::TraceReader& trace_;
  const traces::GemmRecord* gemm_before_ = nullptr;
  const traces::QuantizerRecord* quantizer_before_ = nullptr;
  std::vector<const traces::GemmRecord*> equal_gemms_;
  std::vector<const traces::GemmRecord*> different_gemms_;
  diagnosis::GemmDiagnoser gemm_diagnoser_;
  diagnosis::QuantizerDiagnoser quantizer_diagnoser_;
  DifferenceFindings gemms_, quantizers_;
  Alone gemms_alone_, quantizers_alone_;
  bool gemm_was_repeated_ = false, quantizer_was_repeated_ = false;
};

}  // namespace quatrain::sim
