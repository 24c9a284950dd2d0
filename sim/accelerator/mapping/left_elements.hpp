#pragma once
/// How many different elements of the left tensor the blocks of a GEMM read. A convolution reads an element
/// under several taps; a block fetches it once, because the convolution is lowered on the fly.

#include "sim/records/window.hpp"
#include "traces/machine.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quatrain::sim {

/// Of one group. Counts are kept: asking again is cheap.
class LeftElements {
 public:
  explicit LeftElements(const traces::Gemm& gemm);

  struct Sum {
    std::uint64_t all = 0;  ///< the elements of each block, summed over the blocks
    /// No block has more. Exact for a linear layer; for a convolution the largest window of each part of a
    /// block.
    std::uint64_t largest = 0;
  };
  Sum blocks(std::uint64_t m_block, std::uint64_t k_block);
  /// Those of one block.
  std::uint64_t block(std::uint64_t m_block, std::uint64_t k_block, std::uint64_t m_index,
                      std::uint64_t k_index);
  /// Those of the row panels: so many rows of m (the last panel may have fewer), all of k. Sizes with how
  /// many panels have them; the same size may come more than once.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> panels(std::uint64_t rows);
  /// Different elements of the whole GEMM.
  std::uint64_t whole() { return blocks(UINT64_MAX, UINT64_MAX).all; }

  /// Every position reads one place of its own (linear layers, 1x1 without stride and padding).
  bool is_plain() const { return is_plain_; }
  /// Rows of k that one channel has: kernel positions where k runs over channels, 1 elsewhere.
  std::uint64_t k_per_channel() const { return lines_are_k_ ? taps_ : 1; }
  bool k_runs_over_channels() const { return lines_are_k_; }

 private:
  /// Taps first .. end - 1, numbered i * kernel_width + j.
  struct Range {
    std::uint32_t first = 0, end = 0;
    auto operator<=>(const Range&) const = default;
  };
  /// What a block of lines (c, i, j) has: whole channels and parts of the first and the last one.
  struct Channels {
    std::uint64_t whole = 0;
    Range head, tail;
    auto operator<=>(const Channels&) const = default;
  };
  using Words = std::vector<std::uint64_t>;  ///< a set of columns of the left tensor

  Channels channels(std::uint64_t first, std::uint64_t length) const;
  std::vector<std::pair<Channels, std::uint64_t>> line_blocks(std::uint64_t block) const;
  Sum places(std::uint64_t block, Range taps);
  /// What each block of positions reads under these taps, with how many blocks read so much.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> position_blocks(std::uint64_t block, Range taps);
  std::uint64_t places_from(std::uint64_t first, std::uint64_t length, Range taps);
  std::uint64_t places_in_image(std::uint64_t first, std::uint64_t end, Range taps);
  const Words& columns_met(std::uint32_t first, std::uint32_t end, std::uint32_t first_tap,
                           std::uint32_t end_tap);

  bool lines_are_k_, is_plain_;
  std::uint64_t taps_, channels_, images_, plane_;  ///< plane: positions of one image
  std::uint32_t row_positions_, row_taps_, words_;
  std::vector<std::vector<std::int32_t>> row_met_, column_met_;  ///< [position][tap]; -1 for none
  std::map<std::pair<std::uint64_t, Range>, Sum> sums_;
  std::map<Range, std::uint64_t> of_image_;
  std::map<std::tuple<std::uint64_t, std::uint64_t, Range>, std::uint64_t> of_part_;  ///< of single blocks
  std::unordered_map<std::uint64_t, Words> columns_;
  std::vector<Words> met_;  ///< [row of the left tensor], scratch
};

}  // namespace quatrain::sim
