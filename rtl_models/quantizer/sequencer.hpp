#pragma once
/// Sends a tensor past the quantizer's units, pass after pass, and takes the codes. It knows no cycle count:
/// a pass begins in the cycle after the units have reported the end of the one before.

#include "rtl_models/quantizer/ports.hpp"

#include <systemc>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace quatrain::rtl_models {

/// What a pass over the tensor does, and the work between two passes.
enum class QuantizerPass : std::uint8_t { measure, sum, scale, code, measure_and_code };

/// Spans live as long as the job.
struct QuantizerJob {
  QuantizerSettings settings;
  std::span<const float> source;               ///< at least one element
  std::span<const QuantizerPass> passes;       ///< in this order
  std::size_t passes_before = 0;               ///< the first ones, while the tensor is made: no cycle counts
  std::span<std::vector<std::uint8_t>> codes;  ///< of each sample: one a byte, as many as elements
};

class QuantizerSequencer final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_out<QuantizerSettings> settings{"settings"};
  sc_core::sc_out<ElementWord> elements{"elements"};
  sc_core::sc_out<bool> start_scale{"start_scale"};
  sc_core::sc_in<MeasuredMaximum> measured{"measured"};
  sc_core::sc_in<MeasuredSums> sums{"sums"};
  sc_core::sc_in<Scaling> scaling{"scaling"};
  sc_core::sc_vector<sc_core::sc_in<bool>> ready;      ///< of each group of lanes: its draws are there
  sc_core::sc_vector<sc_core::sc_in<CodeWord>> codes;  ///< of each group of lanes

  SC_HAS_PROCESS(QuantizerSequencer);
  QuantizerSequencer(const sc_core::sc_module_name& name, unsigned lanes, unsigned groups);

  /// The clock runs afterwards until finished(). A tensor with an element that is refused ends behind its
  /// first pass.
  void begin(const QuantizerJob& job);
  bool finished() const { return state_ == State::idle; }
  /// From the first cycle of the first pass that counts to the edge at which the last codes are taken.
  std::uint64_t cycles() const { return cycles_; }

 private:
  enum class State : std::uint8_t { idle, starting, running };

  void on_edge();
  void begin_pass();
  bool pass_has_ended();
  bool draws_are_ready() const;
  void send();
  void take_codes();
  void finish();
  QuantizerPass pass() const { return job_.passes[pass_]; }
  /// Cycles for which a word stands on the lanes while codes are made.
  unsigned rounds() const {
    return static_cast<unsigned>((job_.codes.size() + codes.size() - 1) / codes.size());
  }

  QuantizerJob job_;
  State state_ = State::idle;
  std::uint64_t cycles_ = 0;
  std::size_t pass_ = 0;
  std::size_t sent_ = 0, taken_ = 0;      ///< elements; codes of each sample
  unsigned round_ = 0, taken_round_ = 0;  ///< of the word that stands there; of the codes that come next
  bool last_is_taken_ = false;
  ElementWord word_;
};

}  // namespace quatrain::rtl_models
