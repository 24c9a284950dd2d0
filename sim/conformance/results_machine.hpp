#pragma once
/// Results that another program computed, as a machine: asked for a record, it says what the file holds of
/// it. A record of which the file holds nothing is refused. What it has to say is in
/// docs/guides/conformance.md, "The results file".

#include "traces/base/files.hpp"
#include "traces/format/reader.hpp"
#include "traces/format/safetensors.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace quatrain::sim {

class ResultsMachine final : public traces::Machine {
 public:
  /// Throws Error, with file and tensor, unless the file is a safetensors file whose tensors are results of
  /// the trace's records, in their types and shapes. The trace must outlive the machine.
  ResultsMachine(const std::filesystem::path& file, const traces::TraceReader& trace);

  /// The record that is asked for next: "0/train/conv2/forward", or a quantizer's id.
  void expect(const std::string& record) { record_ = record; }

  std::string name() const override { return "results"; }
  std::string ran_on() const override { return file_.path().string(); }
  traces::Refusal refuses(const traces::Gemm&, traces::Encoding, traces::Encoding) const override;
  traces::Refusal refuses(traces::Rule) const override;
  traces::QuantizerResult quantize(const traces::QuantizerTask& task) override;
  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override;

 private:
  void add_expected(const std::string& record, std::string_view part, traces::StoredType type,
                    std::vector<traces::Shape> shapes);
  void require_known(const traces::StoredTensor& tensor) const;
  traces::Refusal why_missing(std::string_view part) const;
  bool holds(std::string_view part) const;
  template <typename Element>
  std::vector<Element> read(std::string_view part) const;

  struct Expected {
    traces::StoredType type;
    std::vector<traces::Shape> shapes;  ///< any of them
  };

  base::InputFile file_;
  std::uint64_t data_begin_ = 0;
  std::map<std::string, traces::StoredTensor> tensors_;
  std::map<std::string, Expected> expected_;
  std::map<std::string, float> scales_;  ///< of the trace's records
  std::string record_;
};

}  // namespace quatrain::sim
