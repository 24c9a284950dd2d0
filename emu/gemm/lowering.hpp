#pragma once
/// Lowers the three GEMMs of a convolution (numerics.md section 6) without copying an operand k times: the
/// left tensor gets a border, and then the term of row m at step s stands at word
///     left[row offset + step offset],
/// a word being `lanes` elements: 1 fp32, or 4 codes whose products one instruction sums; a step is so 1 or 4
/// values of k. The lanes run over channels (forward, backward_data) or images (backward_weight).
/// Under a stride, backward_data falls into classes of pixels that see the same taps; the terms that a class
/// leaves out are those whose divisions are not exact.

#include "traces/machine.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::emu {

/// Whether a row asks which windows cover its pixel (backward_data), rather than what its window sees.
constexpr bool is_transposed(traces::Phase phase) {
  switch (phase) {
    case traces::Phase::forward:
    case traces::Phase::backward_weight:
      return false;
    case traces::Phase::backward_data:
      return true;
  }
  return false;
}

/// Whether the lanes of a word are images; else they are channels.
constexpr bool sums_images(traces::Phase phase) {
  switch (phase) {
    case traces::Phase::forward:
    case traces::Phase::backward_data:
      return false;
    case traces::Phase::backward_weight:
      return true;
  }
  return false;
}

/// Channels of the left operand, all groups.
constexpr std::int64_t left_channels(const traces::Gemm& gemm) {
  return is_transposed(gemm.phase) ? gemm.geometry.out_channels : gemm.geometry.in_channels;
}

/// A tap of the kernel on one axis: position p of a class sees place `offset` + p of the phase.
struct Tap {
  std::int64_t index = 0;  ///< in the kernel
  std::int64_t phase = 0, offset = 0;
};

/// One axis of one class: where its positions lie in the result, and which taps they see.
struct TapAxis {
  std::int64_t positions = 0;
  std::int64_t first = 0, pitch = 1;  ///< position p is coordinate first + pitch * p of the result's plane
  std::vector<Tap> taps;              ///< by index, ascending
};

/// One axis of a plane of the left tensor, border included, as it is packed: what neighbouring positions see
/// under one tap follows each other. Under a stride the coordinates fall into phases; those that no tap sees
/// are left out. Place i of a phase is coordinate firsts[phase] + pitch * i, of the border where that is
/// outside 0 .. size - 1.
struct PackedAxis {
  std::int64_t size = 0, pitch = 1;
  std::int64_t places = 0;  ///< of each phase
  std::vector<std::int64_t> firsts;

  std::int64_t phases() const { return static_cast<std::int64_t>(firsts.size()); }
  std::int64_t words() const { return phases() * places; }
  /// Whether it is the tensor's axis as it stands.
  bool is_plain() const { return pitch == 1 && phases() == 1 && firsts.front() == 0 && places == size; }
  bool has_border() const;
};

/// The left tensor as words: outer x inner planes, each its vertical phases x its horizontal ones.
struct LeftLayout {
  PackedAxis vertical, horizontal;
  std::int64_t lanes = 1;
  bool lanes_are_images = false;
  std::int64_t outer = 0, inner = 0;  ///< images x channel words of all groups, or image words x channels

  std::int64_t plane_words() const { return vertical.words() * horizontal.words(); }
  std::int64_t words() const { return outer * inner * plane_words(); }
  bool is_plain() const { return vertical.is_plain() && horizontal.is_plain(); }
  bool has_border() const { return vertical.has_border() || horizontal.has_border(); }
  /// Words of a plane before what the first position sees.
  std::int64_t place(const Tap& y, const Tap& x) const {
    const std::int64_t phase = y.phase * horizontal.phases() + x.phase;
    return (phase * vertical.places + y.offset) * horizontal.places + x.offset;
  }
};

/// The rows of a product: planes x lines x pixels, and what one more of each adds to the places that a row
/// reads and writes. Where the lines and pixels of a plane are taps, `taps` says what each adds to the place
/// that it reads, line by line.
struct RowNest {
  struct Places {
    std::int64_t origin = 0, plane = 0, line = 0, pixel = 0;
  };
  std::int64_t planes = 0, lines = 0, pixels = 0;
  Places left, result;
  std::vector<std::int64_t> taps;

  std::int64_t count() const { return planes * lines * pixels; }
};

/// One group and one class of positions.
struct LoweredProduct {
  std::int64_t group = 0;
  const TapAxis* vertical = nullptr;
  const TapAxis* horizontal = nullptr;
  RowNest rows;
  std::int64_t columns = 0, column_pitch = 1;  ///< pitch: between the results of a row
  std::vector<std::int32_t> steps;             ///< word offsets, k ascending
};

class Lowering {
 public:
  Lowering(const traces::Gemm& gemm, std::int64_t lanes);
  Lowering(const Lowering&) = delete;  // the products point into the axes
  Lowering& operator=(const Lowering&) = delete;

  const LeftLayout& left() const { return left_; }
  const std::vector<LoweredProduct>& products() const { return products_; }
  /// False where some result has no term: it is zero and in no product.
  bool covers_result() const { return covers_result_; }

 private:
  LoweredProduct position_rows(const traces::Gemm& gemm, std::int64_t group, const TapAxis& vertical,
                               const TapAxis& horizontal) const;
  LoweredProduct tap_rows(const traces::Geometry& geometry, std::int64_t group) const;

  LeftLayout left_;
  std::vector<TapAxis> vertical_, horizontal_;
  std::vector<LoweredProduct> products_;
  bool covers_result_ = true;
};

/// So many words of the left operand can offsets of 32 bits tell apart: whoever lowers a GEMM asks first.
inline constexpr std::int64_t most_left_words = std::numeric_limits<std::int32_t>::max();

/// Why the left operand with its border has more than `most` words. The default keeps below 4 GiB what the
/// few bytes of a trace can ask for.
std::optional<std::string> why_not_lowered(const traces::Gemm& gemm,
                                           std::int64_t most = std::int64_t{1} << 30);

}  // namespace quatrain::emu
