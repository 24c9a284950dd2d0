#pragma once
/// Operands that move by one PE at each edge. Nothing is copied for that: the registers are a window of the
/// line of all operands, and the window moves.

#include "rtl_models/array/ports.hpp"
#include "rtl_models/array/registers.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace quatrain::rtl_models {

/// 1 in bit valid_at of every byte whose code is not of value zero.
[[gnu::always_inline]] inline std::uint64_t non_zero_bytes(std::uint64_t links, Link zero_mask) {
  static_assert(valid_at == 4, "the carry out of a code has the place of its valid bit");
  return (links & (std::uint64_t{zero_mask} * 0x0101010101010101U)) + 0x0F0F0F0F0F0F0F0FU;
}
[[gnu::always_inline]] inline Mask non_zero_of_lanes(const Link* links, Link zero_mask) {
  std::uint64_t low, high;
  std::memcpy(&low, links, sizeof low);
  std::memcpy(&high, links + sizeof low, sizeof high);
  return static_cast<Mask>(bits_of_bytes(non_zero_bytes(low, zero_mask), valid_at) |
                           bits_of_bytes(non_zero_bytes(high, zero_mask), valid_at) << 8);
}

/// The last word of an edge may have lanes that no column has.
[[gnu::always_inline]] inline Mask columns_of_word(std::uint32_t columns, std::uint32_t word) {
  const std::uint32_t left = columns - word * static_cast<std::uint32_t>(sum_lanes);
  return static_cast<Mask>(left >= sum_lanes ? 0xFFFF : (1U << left) - 1);
}

/// The register in front of the array's edge: what it showed at the last edge, to count what changes.
class EdgeRegister {
 public:
  explicit EdgeRegister(std::uint32_t lanes) : links_(lanes) {}
  /// Bits of operands that change in the first registers of all lanes.
  template <SimdPath path>
  [[gnu::always_inline]] std::uint64_t change(const Link* links, const OperandTable& table) {
    std::uint64_t toggles = 0;
    std::size_t lane = 0;
    if (table.bits_are_codes)
      for (; lane + sizeof(std::uint64_t) <= links_.size(); lane += sizeof(std::uint64_t)) {
        std::uint64_t before, after;
        std::memcpy(&before, links_.data() + lane, sizeof before);
        std::memcpy(&after, links + lane, sizeof after);
        toggles += bits_of<path>((before ^ after) & (code_bits * 0x0101010101010101U));
      }
    for (; lane < links_.size(); ++lane)
      toggles += bits_of<path>(static_cast<std::uint64_t>(table.bits[links_[lane] & code_bits] ^
                                                          table.bits[links[lane] & code_bits]));
    std::memcpy(links_.data(), links, links_.size());
    return toggles;
  }

 private:
  std::vector<Link> links_;
};

/// The operands of every row, which enter at the left.
struct MovingRight {
  std::uint32_t rows, words;
  std::size_t mask_rows;            ///< of a word of masks
  std::size_t pitch, slack, front;  ///< row i's registers are values[i * pitch + front ...]
  Registers values;
  Masks valid, non_zero, first, last, bottom;  ///< [word][row]; the last three only of valid operands
  /// So many edges on, first (last, bottom) hold nothing. 0: they are not kept.
  std::uint32_t first_edges = 0, last_edges = 0, bottom_edges = 0;
  Masks in_use;  ///< [row]: all ones but in the padding
  Registers entering_values;

  MovingRight(std::uint32_t row_count, std::uint32_t columns)
      : rows(row_count),
        words(words_of(columns)),
        mask_rows(padded_rows(rows)),
        pitch(0),
        slack(std::max<std::size_t>(words * sum_lanes, 208)),
        front(slack),
        valid(mask_rows * words),
        non_zero(valid),
        first(valid),
        last(valid),
        bottom(valid),
        in_use(mask_rows),
        entering_values(mask_rows) {
    pitch = words * sum_lanes + slack;
    values.resize(pitch * rows);
    std::fill_n(in_use.begin(), rows, Mask{0xFFFF});
  }

  const std::int32_t* row(std::uint32_t i) const { return values.data() + i * pitch + front; }

  template <SimdPath path>
  [[gnu::always_inline]] void enter(const Link* links, const OperandTable& table) {
    make_room();
    --front;
    enter_values<path>(table.values, links, mask_rows, entering_values.data());
    {
      const std::int32_t* __restrict from = entering_values.data();
      std::int32_t* __restrict to = values.data() + front;
      for (std::size_t i = 0, step = pitch, count = rows; i < count; ++i) to[i * step] = from[i];
    }
    count_down(links);
    const bool has_first = first_edges != 0, has_last = last_edges != 0, has_bottom = bottom_edges != 0;
    for (std::size_t i = 0; i < mask_rows; i += mask_lanes) {
      const MaskLanes entering =
          __builtin_convertvector(*reinterpret_cast<const LinkLanes*>(links + i), MaskLanes) &
          masks_at(&in_use[i]);
      const MaskLanes is_valid = entering >> valid_at;
      shift(valid, i, is_valid);
      shift(non_zero, i, ((entering & table.zero_mask) + code_bits) >> valid_at);
      if (has_first) shift(first, i, (entering >> first_at) & is_valid);
      if (has_last) shift(last, i, (entering >> last_at) & is_valid);
      if (has_bottom) shift(bottom, i, (entering >> bottom_at) & is_valid);
    }
  }

 private:
  /// So that there is room for one more.
  [[gnu::always_inline]] void make_room() {
    if (front > 0) return;
    for (std::uint32_t i = 0; i < rows; ++i)
      std::memcpy(values.data() + i * pitch + slack, values.data() + i * pitch,
                  words * sum_lanes * sizeof(std::int32_t));
    front = slack;
  }
  [[gnu::always_inline]] void count_down(const Link* links) {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < mask_rows; i += sizeof all) {
      std::uint64_t eight;
      std::memcpy(&eight, links + i, sizeof eight);
      all |= eight;
    }
    const auto of = [this, all](Link bit, std::uint32_t& edges) {
      edges = (all & (bit * 0x0101010101010101U)) != 0 ? static_cast<std::uint32_t>(words * sum_lanes)
                                                       : edges - (edges != 0);
    };
    of(first_bit, first_edges);
    of(last_bit, last_edges);
    of(bottom_bit, bottom_edges);
  }
  /// Masks of the rows from i on move to the right, bit 0 of `entering` comes in.
  [[gnu::always_inline]] void shift(Masks& masks, std::size_t i, const MaskLanes& entering) {
    Mask* to = masks.data() + (words - 1) * mask_rows + i;
    for (std::uint32_t word = words; word-- > 1; to -= mask_rows)
      masks_at(to) = masks_at(to) << 1 | masks_at(to - mask_rows) >> 15;
    masks_at(to) = masks_at(to) << 1 | (entering & 1);
  }
};

/// The operands of every column, which enter at the top.
struct MovingDown {
  std::uint32_t rows, columns, words;
  std::size_t stride, capacity, front;  ///< PE row i is line front + i
  std::size_t mask_rows, mask_pitch;    ///< of a word of masks; a vector of room in front of row 0
  Registers values;                     ///< [line][stride]
  Masks valid, non_zero, closes;        ///< [word][row]

  MovingDown(std::uint32_t row_count, std::uint32_t column_count)
      : rows(row_count),
        columns(column_count),
        words(words_of(columns)),
        stride(words * sum_lanes),
        capacity(rows + std::max(rows, 32U)),
        front(capacity - rows),
        mask_rows(padded_rows(rows)),
        mask_pitch(mask_rows + mask_lanes),
        values(capacity * stride),
        valid(mask_pitch * words),
        non_zero(valid),
        closes(valid) {}

  const std::int32_t* row(std::uint32_t i) const { return values.data() + (front + i) * stride; }
  /// Of a word, from PE row 0 on.
  const Mask* rows_of(const Masks& masks, std::uint32_t word) const {
    return masks.data() + word * mask_pitch + mask_lanes;
  }

  template <SimdPath path>
  [[gnu::always_inline]] void enter(const Link* links, const OperandTable& table, bool has_chunks) {
    make_room();
    --front;
    std::int32_t* line = values.data() + front * stride;
    enter_values<path>(table.values, links, stride, line);
    for (std::uint32_t word = 0; word < words; ++word) {
      const Link* of_word = links + word * sum_lanes;
      const Mask in_use = columns_of_word(columns, word);
      SumLanes& of_values = lanes_at(line + word * sum_lanes);
      prepare<path>(of_values);
      if (in_use != 0xFFFF) {
        SumLanes used;
        spread_bits(in_use, used);
        of_values &= used;
      }
      shift(valid, word, static_cast<Mask>(mask_of_lanes(of_word, valid_at) & in_use));
      shift(non_zero, word, non_zero_of_lanes(of_word, table.zero_mask));
      if (has_chunks) shift(closes, word, mask_of_lanes(of_word, closes_at));
    }
  }

 private:
  [[gnu::always_inline]] void make_room() {
    if (front > 0) return;
    front = capacity - rows;
    std::memcpy(values.data() + front * stride, values.data(), rows * stride * sizeof(std::int32_t));
  }
  /// Masks of a word move down by a row. A vector that is loaded behind a short store would wait for it: the
  /// mask that enters goes into the vector.
  [[gnu::always_inline]] void shift(Masks& masks, std::uint32_t word, Mask entering) {
    Mask* of_word = masks.data() + word * mask_pitch + mask_lanes;
    for (std::size_t i = mask_rows; i > mask_lanes; i -= mask_lanes)
      masks_at(of_word + i - mask_lanes) = masks_at(of_word + i - mask_lanes - 1);
    MaskLanes first = masks_at(of_word - 1);
    first[0] = entering;
    masks_at(of_word) = first;
  }
};

}  // namespace quatrain::rtl_models
