#pragma once
/// The values on the signals between the quantizer's units: one struct per signal.

#include "rtl_models/array/ports.hpp"
#include "rtl_models/quantizer/philox.hpp"
#include "traces/rule.hpp"

#include <cstdint>
#include <ostream>
#include <string>
#include <type_traits>

namespace quatrain::rtl_models {

/// The configuration registers, written in the cycle in which a tensor begins and constant during it. `begin`
/// is up in that cycle alone: the units forget what was before.
struct QuantizerSettings {
  bool begin = false;
  traces::Rule rule = traces::Rule::sawb_int4;
  traces::Alpha alpha = traces::Alpha::exact;
  unsigned random_bits = 0;  ///< 0: no draws
  PhiloxKey key;
  std::uint32_t step = 0, layer = 0, sample = 0;  ///< counter words behind the block's number; the first
                                                  ///< sample
  unsigned samples = 1;                           ///< that are made of each element
  bool has_maximum = false;
  std::uint32_t maximum = 0;  ///< given from outside
  friend bool operator==(const QuantizerSettings&, const QuantizerSettings&) = default;
};

/// Elements side by side, and what the units shall do with them. The last word of a pass may be shorter.
struct ElementWord {
  Lanes<std::uint32_t> elements;
  std::uint32_t used = 0;  ///< 0: nothing stands on the signal
  bool measure = false, sum = false, code = false;
  bool last = false;
  friend bool operator==(const ElementWord&, const ElementWord&) = default;
};

/// What the maximum unit holds, readable in the cycle after a word.
struct MeasuredMaximum {
  std::uint32_t maximum = 0;
  bool refused = false;          ///< an element was no finite number, or negative where the rule takes none
  std::uint64_t refused_at = 0;  ///< flat index of the first such element
  bool done = false;             ///< the pass has ended: up for one cycle
  friend bool operator==(const MeasuredMaximum&, const MeasuredMaximum&) = default;
};

/// Section 4, step 4.
struct MeasuredSums {
  std::uint64_t sum1 = 0, sum2 = 0, count = 0;
  bool done = false;  ///< up for one cycle
  friend bool operator==(const MeasuredSums&, const MeasuredSums&) = default;
};

/// fp32 patterns. All 0 for a maximum below 2^-100.
struct Scaling {
  std::uint32_t scale = 0, inverse = 0, clip = 0;
  bool out_of_range = false;  ///< no power of two, or no finite number, stands for the maximum
  bool done = false;          ///< up for one cycle
  friend bool operator==(const Scaling&, const Scaling&) = default;
};

/// One draw a lane, beside the products of the lanes.
using DrawWord = Lanes<std::uint32_t>;

struct CodeWord {
  Lanes<std::uint8_t> codes;
  std::uint32_t used = 0;  ///< 0: nothing stands on the signal
  bool last = false;
  friend bool operator==(const CodeWord&, const CodeWord&) = default;
};

// A signal's type needs these two (waveforms are not written).
template <typename Word>
concept QuantizerWord = std::is_same_v<Word, QuantizerSettings> || std::is_same_v<Word, ElementWord> ||
    std::is_same_v<Word, MeasuredMaximum> || std::is_same_v<Word, MeasuredSums> ||
    std::is_same_v<Word, Scaling> || std::is_same_v<Word, CodeWord>;
template <QuantizerWord Word>
std::ostream& operator<<(std::ostream& out, const Word&) {
  return out << "quantizer signal";
}
template <QuantizerWord Word>
void sc_trace(sc_core::sc_trace_file*, const Word&, const std::string&) {}

}  // namespace quatrain::rtl_models
