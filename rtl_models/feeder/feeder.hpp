#pragma once
/// Prepares the operand streams of one output-stationary tile after the other, in the order m n k of
/// numerics.md section 6 (`as_recorded`: terms outside a tensor stream as code 0). Only two panels are held
/// at a time.

#include "rtl_models/feeder/lowering.hpp"
#include "rtl_models/feeder/panel.hpp"
#include "traces/encoding/nibbles.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

namespace quatrain::rtl_models {

class Feeder final : public TileFeeder {
 public:
  /// right: one operand or the samples, which follow each other in one stream.
  Feeder(const traces::Gemm& gemm, const traces::Operand& left, std::span<const traces::Operand> right)
      : size_(traces::gemm_size(gemm.phase, gemm.geometry)),
        chunk_(gemm.accumulator.chunk),
        left_address_(gemm),
        right_address_(gemm),
        left_codes_(
            traces::unpack_nibbles(left.codes, count(traces::left_elements(gemm.phase, gemm.geometry)))) {
    const std::size_t elements = count(traces::right_elements(gemm.phase, gemm.geometry));
    for (const traces::Operand& sample : right)
      right_codes_.push_back(traces::unpack_nibbles(sample.codes, elements));
    for (std::int64_t k = 0; k < size_.k; ++k) {
      right_offsets_.push_back(right_address_.offset(k));
      if (left_address_.rows_are_positions())
        tap_offsets_.push_back(left_address_.offset(left_address_.tap(k)));
    }
    for (std::int64_t tap = 0; tap < left_address_.taps_of_channel(); ++tap)
      taps_.push_back(left_address_.tap(tap));
  }

  void preload(const Tile&) override {}
  /// Fills both panels; what the tile before has left in place is kept.
  void stream(const Tile& tile) override {
    k_ = tile.k.value_or(KRange{0, static_cast<std::uint64_t>(size_.k)});
    const Lines rows{tile.group, tile.first_row, tile.rows, k_.first, k_.end},
        columns{tile.group, tile.first_column, tile.columns, k_.first, k_.end};
    if (rows != left_lines_) load_left(tile);
    if (columns != right_lines_) load_right(tile);
    left_lines_ = rows;
    right_lines_ = columns;
  }
  const Panel& left() const override { return left_; }
  const Panel& top() const override { return right_; }

 private:
  /// Of a panel that are filled for one lane after the other: they stay in the cache.
  static constexpr std::int64_t steps_at_once = 256;
  using Lines = std::tuple<std::uint32_t, std::uint64_t, std::uint32_t, std::uint64_t, std::uint64_t>;

  static std::size_t count(std::int64_t elements) { return static_cast<std::size_t>(elements); }
  /// Of the tile's part of k.
  std::uint64_t stream_length() const { return right_codes_.size() * k_.count(); }
  std::int64_t first_k() const { return static_cast<std::int64_t>(k_.first); }
  std::int64_t end_k() const { return static_cast<std::int64_t>(k_.end); }

  /// A position's window: which taps of a channel lie inside the tensor.
  struct Window {
    std::int64_t start = 0;
    std::vector<std::uint8_t> is_inside;  ///< [tap of a channel]
  };
  void open(std::uint32_t group, std::int64_t index, Window& window) const {
    const LeftAddress::Position position = left_address_.position(group, index);
    window.start = left_address_.start(position);
    window.is_inside.clear();
    for (const LeftAddress::Tap& tap : taps_)
      window.is_inside.push_back(left_address_.is_inside(position, tap) ? 1 : 0);
  }
  /// The other samples meet the same operands. Then the control bits.
  void finish_left() {
    const auto of_sample = static_cast<std::ptrdiff_t>(k_.count() * left_.lanes);
    for (std::size_t sample = 1; sample < right_codes_.size(); ++sample)
      std::copy_n(left_.links.begin(), of_sample,
                  left_.links.begin() + static_cast<std::ptrdiff_t>(sample) * of_sample);
    const auto mark = [](Link& link, Link bit) { link = static_cast<Link>(link | bit); };
    for (std::size_t at = left_.lanes - 1; at < left_.links.size(); at += left_.lanes)
      mark(left_.links[at], bottom_bit);
    for (std::size_t lane = 0; lane < left_.lanes; ++lane) {
      mark(left_.links[lane], first_bit);
      mark(left_.links[left_.links.size() - left_.lanes + lane], last_bit);
    }
  }

  void load_left(const Tile& tile) {
    left_.reshape(tile.rows, stream_length());
    put_lines(tile);
    finish_left();
  }

  /// Of the first sample.
  void put_lines(const Tile& tile) {
    left_address_.rows_are_positions() ? put_windows(tile) : put_taps(tile);
  }

  /// A lane is a position.
  void put_windows(const Tile& tile) {
    std::vector<Window> windows(tile.rows);
    for (std::uint32_t i = 0; i < tile.rows; ++i)
      open(tile.group, static_cast<std::int64_t>(tile.first_row) + i, windows[i]);
    const std::size_t lanes = left_.lanes, taps = taps_.size();
    for (std::int64_t k0 = first_k(); k0 < end_k(); k0 += steps_at_once)
      for (std::uint32_t i = 0; i < tile.rows; ++i) {
        const std::uint8_t* is_inside = windows[i].is_inside.data();
        const Link* codes = left_codes_.data();
        const std::int64_t start = windows[i].start;
        const std::int64_t* offset = tap_offsets_.data() + k0;
        const std::int64_t* const end = tap_offsets_.data() + std::min(k0 + steps_at_once, end_k());
        Link* to = left_.links.data() + count(k0 - first_k()) * lanes + i;
        for (std::size_t tap = count(k0) % taps; offset != end; ++offset, to += lanes) {
          *to = static_cast<Link>((is_inside[tap] != 0 ? codes[start + *offset] : Link{0}) | valid_bit);
          if (++tap == taps) tap = 0;
        }
      }
  }

  /// A lane is a tap.
  void put_taps(const Tile& tile) {
    std::vector<std::int64_t> offsets;
    std::vector<std::size_t> taps;
    for (std::uint64_t i = tile.first_row; i < tile.first_row + tile.rows; ++i) {
      offsets.push_back(left_address_.offset(left_address_.tap(static_cast<std::int64_t>(i))));
      taps.push_back(i % taps_.size());
    }
    Window window;
    Link* to = left_.links.data();
    for (std::int64_t k = first_k(); k < end_k(); ++k, to += left_.lanes) {
      open(tile.group, k, window);
      const std::uint8_t* is_inside = window.is_inside.data();
      const Link* codes = left_codes_.data();
      const std::int64_t start = window.start;
      for (std::size_t i = 0, rows = offsets.size(); i < rows; ++i)
        to[i] =
            static_cast<Link>((is_inside[taps[i]] != 0 ? codes[start + offsets[i]] : Link{0}) | valid_bit);
    }
  }

  void load_right(const Tile& tile) {
    right_.reshape(tile.columns, stream_length());
    std::uint64_t first = 0;  // operand of the stream
    for (const auto& codes : right_codes_)
      for (std::int64_t k0 = first_k(); k0 < end_k(); k0 += steps_at_once) {
        const auto offsets =
            std::span(right_offsets_).subspan(count(k0), count(std::min(steps_at_once, end_k() - k0)));
        for (std::uint32_t j = 0; j < tile.columns; ++j) {
          const std::int64_t line =
              right_address_.column(tile.group, static_cast<std::int64_t>(tile.first_column) + j);
          const Link* of_line = codes.data() + line;
          const std::size_t lanes = right_.lanes;
          Link* to = right_.links.data() + first * lanes + j;
          for (const std::int64_t offset : offsets) {
            *to = static_cast<Link>(of_line[offset] | valid_bit);
            to += lanes;
          }
        }
        first += offsets.size();
      }
    if (chunk_ == 0) return;
    for (std::uint64_t at = 0; at < right_.length; ++at) {
      if ((at + 1) % chunk_ != 0 && at + 1 != right_.length) continue;
      for (std::uint32_t j = 0; j < tile.columns; ++j) {
        Link& link = right_.links[at * right_.lanes + j];
        link = static_cast<Link>(link | closes_bit);
      }
    }
  }

  traces::GemmSize size_;
  unsigned chunk_;  ///< terms; 0: there are no chunks
  KRange k_;        ///< of the tile
  LeftAddress left_address_;
  RightAddress right_address_;
  std::vector<Link> left_codes_;                ///< the operand memories, one code per byte
  std::vector<std::vector<Link>> right_codes_;  ///< [sample]
  std::vector<std::int64_t> right_offsets_;     ///< [k]
  std::vector<LeftAddress::Tap> taps_;          ///< of a channel
  std::vector<std::int64_t> tap_offsets_;       ///< [k], where k runs over taps
  std::optional<Lines> left_lines_, right_lines_;
  Panel left_, right_;
};

}  // namespace quatrain::rtl_models
