#include "sim/accelerator/mapping/left_elements.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <optional>

namespace quatrain::sim {
namespace {

using traces::Phase;

constexpr std::uint64_t unsigned_of(std::int64_t value) { return static_cast<std::uint64_t>(value); }

/// [position][tap]: the place that is met, or -1.
std::vector<std::vector<std::int32_t>> met_by(const WindowAxis& axis, bool is_transposed) {
  const std::int64_t positions = is_transposed ? axis.inputs : axis.outputs;
  std::vector<std::vector<std::int32_t>> met(static_cast<std::size_t>(positions));
  for (std::int64_t position = 0; position < positions; ++position)
    for (std::int64_t tap = 0; tap < axis.taps; ++tap) {
      const auto at = is_transposed ? axis.output_met(position, tap) : axis.input_met(position, tap);
      met[static_cast<std::size_t>(position)].push_back(at ? static_cast<std::int32_t>(*at) : -1);
    }
  return met;
}

}  // namespace

LeftElements::LeftElements(const traces::Gemm& gemm) {
  const traces::Geometry& g = gemm.geometry;
  const bool is_transposed = gemm.phase == Phase::backward_data;
  const WindowAxis rows = rows_of(g), columns = columns_of(g);
  lines_are_k_ = gemm.phase != Phase::backward_weight;
  taps_ = unsigned_of(g.kernel_height * g.kernel_width);
  channels_ = unsigned_of((is_transposed ? g.out_channels : g.in_channels) / g.groups);
  images_ = unsigned_of(g.batch);
  const std::int64_t height = is_transposed ? rows.inputs : rows.outputs,
                     width = is_transposed ? columns.inputs : columns.outputs;
  plane_ = unsigned_of(height * width);
  row_positions_ = static_cast<std::uint32_t>(width);
  row_taps_ = static_cast<std::uint32_t>(g.kernel_width);
  is_plain_ =
      taps_ == 1 && rows.stride == 1 && columns.stride == 1 && rows.padding == 0 && columns.padding == 0;
  if (is_plain_) return;
  const std::int64_t met_rows = is_transposed ? rows.outputs : rows.inputs,
                     met_columns = is_transposed ? columns.outputs : columns.inputs;
  words_ = static_cast<std::uint32_t>((met_columns + 63) / 64);
  row_met_ = met_by(rows, is_transposed);
  column_met_ = met_by(columns, is_transposed);
  met_.assign(static_cast<std::size_t>(met_rows), Words(words_, 0));
}

LeftElements::Sum LeftElements::blocks(std::uint64_t m_block, std::uint64_t k_block) {
  const std::uint64_t positions = images_ * plane_, lines = channels_ * taps_;
  const std::uint64_t position_block = std::min(lines_are_k_ ? m_block : k_block, positions),
                      line_block = std::min(lines_are_k_ ? k_block : m_block, lines);
  if (is_plain_) return {positions * lines, position_block * line_block};
  const auto in = [&](Range taps) { return taps.first == taps.end ? Sum{} : places(position_block, taps); };
  const Sum of_channel = in({0, static_cast<std::uint32_t>(taps_)});
  Sum sum;
  for (const auto& [block, times] : line_blocks(line_block)) {
    const Sum head = in(block.head), tail = in(block.tail);
    sum.all += times * (block.whole * of_channel.all + head.all + tail.all);
    sum.largest = std::max(sum.largest, block.whole * of_channel.largest + head.largest + tail.largest);
  }
  return sum;
}

/// One block may differ from the others of its size: where it begins in an image and in a channel decides.
std::uint64_t LeftElements::block(std::uint64_t m_block, std::uint64_t k_block, std::uint64_t m_index,
                                  std::uint64_t k_index) {
  const std::uint64_t positions = images_ * plane_, lines = channels_ * taps_;
  const auto part = [](std::uint64_t block, std::uint64_t index, std::uint64_t all) {
    const std::uint64_t first = block >= all ? 0 : index * block;
    return std::pair{first, std::min(block, all - first)};
  };
  const auto [first, length] =
      lines_are_k_ ? part(m_block, m_index, positions) : part(k_block, k_index, positions);
  const auto [first_line, line_count] =
      lines_are_k_ ? part(k_block, k_index, lines) : part(m_block, m_index, lines);
  if (is_plain_) return length * line_count;
  const auto in = [&, start = first % plane_, length = length](Range taps) -> std::uint64_t {
    if (taps.first == taps.end) return 0;
    const auto [known, is_new] = of_part_.try_emplace({start, length, taps});
    if (is_new) known->second = places_from(start, length, taps);
    return known->second;
  };
  const Channels kind = channels(first_line, line_count);
  const std::uint64_t of_whole =
      kind.whole == 0 ? 0 : kind.whole * in({0, static_cast<std::uint32_t>(taps_)});
  return of_whole + in(kind.head) + in(kind.tail);
}

LeftElements::Channels LeftElements::channels(std::uint64_t first, std::uint64_t length) const {
  const std::uint64_t start = first % taps_, end = start + length;
  const auto range = [](std::uint64_t a, std::uint64_t b) {
    return Range{static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b)};
  };
  Channels kind;
  if (end <= taps_ && length < taps_) {
    kind.head = range(start, end);
  } else {
    if (start > 0) kind.head = range(start, taps_);
    if (end % taps_ > 0) kind.tail = range(0, end % taps_);
    kind.whole = end / taps_ - (start > 0 ? 1 : 0);
  }
  return kind;
}

/// The kinds of blocks that occur, with how often. After taps_ blocks their places in a channel repeat.
std::vector<std::pair<LeftElements::Channels, std::uint64_t>> LeftElements::line_blocks(
    std::uint64_t block) const {
  std::map<Channels, std::uint64_t> kinds;
  const std::uint64_t lines = channels_ * taps_;
  const auto add = [&](std::uint64_t first, std::uint64_t length, std::uint64_t times) {
    kinds[channels(first, length)] += times;
  };
  const std::uint64_t full = lines / block, period = taps_ / std::gcd(taps_, block);
  for (std::uint64_t i = 0; i < std::min(full, period); ++i)
    add(i * block, block, full / period + (i < full % period ? 1 : 0));
  if (lines % block > 0) add(full * block, lines % block, 1);
  return {kinds.begin(), kinds.end()};
}

/// Blocks begin at places of an image that repeat, so that one period of them tells all.
std::vector<std::pair<std::uint64_t, std::uint64_t>> LeftElements::position_blocks(std::uint64_t block,
                                                                                   Range taps) {
  const std::uint64_t positions = images_ * plane_;
  const std::uint64_t full = positions / block, period = plane_ / std::gcd(plane_, block);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> blocks;
  for (std::uint64_t i = 0; i < std::min(full, period); ++i)
    blocks.emplace_back(places_from(i * block % plane_, block, taps),
                        full / period + (i < full % period ? 1 : 0));
  if (positions % block > 0)
    blocks.emplace_back(places_from(full * block % plane_, positions % block, taps), 1);
  return blocks;
}

LeftElements::Sum LeftElements::places(std::uint64_t block, Range taps) {
  const auto [known, is_new] = sums_.try_emplace({block, taps});
  Sum& sum = known->second;
  if (!is_new) return sum;
  for (const auto& [elements, times] : position_blocks(block, taps)) {
    sum.all += elements * times;
    sum.largest = std::max(sum.largest, elements);
  }
  return sum;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> LeftElements::panels(std::uint64_t rows) {
  const std::uint64_t positions = images_ * plane_, lines = channels_ * taps_;
  const std::uint64_t all_rows = lines_are_k_ ? positions : lines;
  const std::uint64_t of_panel = std::min(rows, all_rows);
  if (is_plain_) {
    const std::uint64_t row = positions * lines / all_rows, last = all_rows % of_panel;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> panels = {{of_panel * row, all_rows / of_panel}};
    if (last > 0) panels.emplace_back(last * row, 1);
    return panels;
  }
  const Range all_taps{0, static_cast<std::uint32_t>(taps_)};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> panels;
  if (lines_are_k_) {
    panels = position_blocks(of_panel, all_taps);
    for (auto& [elements, times] : panels) elements *= channels_;
    return panels;
  }
  const auto in = [&](Range taps) { return taps.first == taps.end ? 0 : places(positions, taps).all; };
  const std::uint64_t of_channel = in(all_taps);
  for (const auto& [block, times] : line_blocks(of_panel))
    panels.emplace_back(block.whole * of_channel + in(block.head) + in(block.tail), times);
  return panels;
}

/// `first` lies in an image; the positions may run on through several.
std::uint64_t LeftElements::places_from(std::uint64_t first, std::uint64_t length, Range taps) {
  const auto whole_image = [&] {
    const auto [known, is_new] = of_image_.try_emplace(taps);
    if (is_new) known->second = places_in_image(0, plane_, taps);
    return known->second;
  };
  std::uint64_t count = 0;
  if (first > 0) {
    const std::uint64_t end = std::min(first + length, plane_);
    count += places_in_image(first, end, taps);
    length -= end - first;
  }
  if (length >= plane_) count += length / plane_ * whole_image();
  if (length % plane_ > 0) count += places_in_image(0, length % plane_, taps);
  return count;
}

std::uint64_t LeftElements::places_in_image(std::uint64_t first, std::uint64_t end, Range taps) {
  const auto first_row = static_cast<std::uint32_t>(first / row_positions_),
             last_row = static_cast<std::uint32_t>((end - 1) / row_positions_);
  const std::uint32_t first_tap_row = taps.first / row_taps_, last_tap_row = (taps.end - 1) / row_taps_;
  std::int32_t lowest = static_cast<std::int32_t>(met_.size()), highest = -1;
  for (std::uint32_t i = first_tap_row; i <= last_tap_row; ++i) {
    const std::uint32_t first_tap = i == first_tap_row ? taps.first % row_taps_ : 0,
                        end_tap = i == last_tap_row ? (taps.end - 1) % row_taps_ + 1 : row_taps_;
    for (std::uint32_t y = first_row; y <= last_row; ++y) {
      const std::int32_t row = row_met_[y][i];
      if (row < 0) continue;
      const auto from = y == first_row ? static_cast<std::uint32_t>(first % row_positions_) : 0U;
      const auto to =
          y == last_row ? static_cast<std::uint32_t>((end - 1) % row_positions_ + 1) : row_positions_;
      const Words& columns = columns_met(from, to, first_tap, end_tap);
      Words& met = met_[static_cast<std::size_t>(row)];
      for (std::size_t word = 0; word < words_; ++word) met[word] |= columns[word];
      lowest = std::min(lowest, row);
      highest = std::max(highest, row);
    }
  }
  std::uint64_t count = 0;
  for (std::int32_t row = lowest; row <= highest; ++row)
    for (std::uint64_t& word : met_[static_cast<std::size_t>(row)]) {
      count += static_cast<std::uint64_t>(std::popcount(word));
      word = 0;
    }
  return count;
}

const LeftElements::Words& LeftElements::columns_met(std::uint32_t first, std::uint32_t end,
                                                     std::uint32_t first_tap, std::uint32_t end_tap) {
  const std::uint64_t across = column_met_.size() + 1, taps = row_taps_ + 1;
  const auto [known, is_new] =
      columns_.try_emplace(((first * across + end) * taps + first_tap) * taps + end_tap);
  Words& words = known->second;
  if (!is_new) return words;
  words.assign(words_, 0);
  for (std::uint32_t x = first; x < end; ++x)
    for (std::uint32_t j = first_tap; j < end_tap; ++j)
      if (const std::int32_t at = column_met_[x][j]; at >= 0)
        words[static_cast<std::size_t>(at) / 64] |= std::uint64_t{1} << (at % 64);
  return words;
}

}  // namespace quatrain::sim
