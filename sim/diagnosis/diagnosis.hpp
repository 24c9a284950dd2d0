#pragma once
/// Which mistake gives exactly the bits that a machine gave, over all of its differing records; or "unknown".
/// Asks no machine.

#include "sim/diagnosis/differing_gemm.hpp"
#include "sim/diagnosis/differing_quantizer.hpp"
#include "sim/diagnosis/hypothesis.hpp"
#include "sim/diagnosis/ranking.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace quatrain::sim::diagnosis {

/// Records of one machine that a mistake could tell apart: of one phase and pair of encodings, or of one
/// rule.
std::string scope_of(const DifferingGemm& gemm);
std::string scope_of(const traces::Gemm& gemm, traces::Encoding left, traces::Encoding right);
std::string scope_of(const DifferingQuantizer& quantizer);

/// Of the GEMMs of one machine. A cause counts for a record if it predicts the bits of every different
/// element, and the recorded bits of the equal ones. Of a large record as many are looked at as make a few
/// million terms; the evidence says how many.
class GemmDiagnoser {
 public:
  /// Whether one more differing record of this scope is looked at; some of each are enough.
  bool wants(const std::string& scope) const;
  void add(const DifferingGemm& gemm);
  /// Whether an equal record of this scope can speak against a cause.
  bool wants_equal(const std::string& scope) const;
  void add_equal(const DifferingGemm& gemm);
  /// Nothing where no record was added.
  std::optional<Diagnosis> diagnosis() const { return ranking_.diagnosis(); }

 private:
  /// True where a cause explains the record.
  bool add_accumulators(const DifferingGemm& gemm);
  bool add_outputs(const DifferingGemm& gemm);

  Ranking ranking_;
  std::map<std::string, GemmClaim> believed_;  ///< that explained a record, by cause
  std::map<std::string, unsigned> seen_, seen_equal_;
};

/// The same for quantizers.
class QuantizerDiagnoser {
 public:
  bool wants(const std::string& scope) const;
  void add(const DifferingQuantizer& quantizer);
  std::optional<Diagnosis> diagnosis() const { return ranking_.diagnosis(); }

 private:
  Ranking ranking_;
  std::map<std::string, unsigned> seen_;
};

}  // namespace quatrain::sim::diagnosis
