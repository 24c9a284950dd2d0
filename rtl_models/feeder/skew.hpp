#pragma once
/// The registers in front of an edge of the array: what enters them in lane i stands on the edge i cycles
/// later.

#include "rtl_models/array/ports.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace quatrain::rtl_models {

template <typename Word>
class SkewOf {
 public:
  explicit SkewOf(std::uint32_t lanes) : edge_(lanes), waiting_(std::size_t{lanes} * lanes) {}

  std::uint32_t lanes() const { return edge_.count; }

  void clear() {
    std::ranges::fill(waiting_, Word{0});
    slot_ = 0;
  }
  /// Once per cycle: takes the words of the first lanes (the others get none) and returns what the edge
  /// shows.
  const Lanes<Word>& step(std::span<const Word> words) {
    const std::size_t lanes = edge_.count, before_end = std::min(words.size(), lanes - slot_);
    Word* to = waiting_.data() + slot_ * lanes;  // lane i's, i slots on; slots go round
    for (std::size_t i = 0; i < before_end; ++i) to[i * (lanes + 1)] = words[i];
    to -= lanes * lanes;
    for (std::size_t i = before_end; i < words.size(); ++i) to[i * (lanes + 1)] = words[i];
    const auto now = waiting_.begin() + static_cast<std::ptrdiff_t>(slot_ * lanes);
    std::copy_n(now, lanes, edge_.words.begin());
    std::fill_n(now, lanes, Word{0});
    if (++slot_ == lanes) slot_ = 0;
    return edge_;
  }

 private:
  Lanes<Word> edge_;
  std::vector<Word> waiting_;  ///< [cycle modulo lanes][lane]
  std::size_t slot_ = 0;       ///< of this cycle
};

}  // namespace quatrain::rtl_models
