#include "emu/gemm/planes.hpp"

#include <algorithm>
#include <cstring>

namespace quatrain::emu {
namespace {

/// Places of a phase that lie in the tensor; those before and behind them belong to the border.
struct InnerPlaces {
  std::int64_t first = 0, count = 0;
  std::int64_t coordinate = 0;  ///< of the first one

  InnerPlaces(const PackedAxis& axis, std::int64_t origin) {
    if (origin < 0) first = std::min(axis.places, (axis.pitch - 1 - origin) / axis.pitch);
    coordinate = origin + axis.pitch * first;
    const std::int64_t up_to_end = (axis.size - coordinate + axis.pitch - 1) / axis.pitch;
    count = std::max<std::int64_t>(0, std::min(axis.places - first, up_to_end));
  }
};

/// target[i] = source[i]: 8 or 4 at a time, the last ones perhaps twice. Constant numbers vectorise.
template <std::int64_t chunk, typename Word>
[[gnu::always_inline]] inline void copy_chunks(const Word* source, std::int64_t count, Word* target) {
  const auto copy = [&](std::int64_t at) __attribute__((always_inline)) {
    Word some[chunk];
    for (std::int64_t i = 0; i < chunk; ++i) some[i] = source[at + i];
    for (std::int64_t i = 0; i < chunk; ++i) target[at + i] = some[i];
  };
  for (std::int64_t at = 0; at + chunk <= count; at += chunk) copy(at);
  if (count % chunk != 0) copy(count - chunk);
}

/// target[i] = source[2 * i], in the same way; reads nothing beyond the last one.
template <std::int64_t chunk, typename Word>
[[gnu::always_inline]] inline void copy_even(const Word* source, std::int64_t count, Word* target) {
  typedef Word Vector __attribute__((vector_size(chunk * sizeof(Word))));
  const auto copy = [&](std::int64_t at) __attribute__((always_inline)) {
    Vector low, high, even;
    std::memcpy(&low, source + 2 * at, sizeof low);
    std::memcpy(&high, source + 2 * at + chunk - 1, sizeof high);
    if constexpr (chunk == 8)
      even = __builtin_shufflevector(low, high, 0, 2, 4, 6, 9, 11, 13, 15);
    else
      even = __builtin_shufflevector(low, high, 0, 2, 5, 7);
    std::memcpy(target + at, &even, sizeof even);
  };
  for (std::int64_t at = 0; at + chunk <= count; at += chunk) copy(at);
  if (count % chunk != 0) copy(count - chunk);
}

template <std::int64_t pitch, typename Word>
[[gnu::always_inline]] inline void copy_apart(const Word* source, std::int64_t count, Word* target) {
  if (pitch == 1 && count >= 8) return copy_chunks<8>(source, count, target);
  if (pitch == 1 && count >= 4) return copy_chunks<4>(source, count, target);
  if (pitch == 2 && count >= 8) return copy_even<8>(source, count, target);
  if (pitch == 2 && count >= 4) return copy_even<4>(source, count, target);
  for (std::int64_t i = 0; i < count; ++i) target[i] = source[pitch * i];
}

/// The lines of one phase, without the border.
template <typename Word, typename Copy>
[[gnu::always_inline]] inline void lay_out_phase(const LeftLayout& layout, std::int64_t top,
                                                 std::int64_t left, const Word* plane, Word* target,
                                                 const Copy& copy) {
  const std::int64_t line = layout.horizontal.places, pitch = layout.vertical.pitch * layout.horizontal.size;
  const InnerPlaces y(layout.vertical, top), x(layout.horizontal, left);
  plane += y.coordinate * layout.horizontal.size + x.coordinate;
  target += y.first * line + x.first;
  for (std::int64_t i = 0; i < y.count; ++i, plane += pitch, target += line) copy(plane, x.count, target);
}

template <typename Word>
[[gnu::always_inline]] inline void lay_out(const LeftLayout& layout, const Word* plane, Word border,
                                           Word* target) {
  if (layout.has_border()) std::fill_n(target, layout.plane_words(), border);
  const auto with = [&](const auto& copy) __attribute__((always_inline)) {
    for (const std::int64_t top : layout.vertical.firsts)
      for (const std::int64_t left : layout.horizontal.firsts) {
        lay_out_phase(layout, top, left, plane, target, copy);
        target += layout.vertical.places * layout.horizontal.places;
      }
  };
  const std::int64_t pitch = layout.horizontal.pitch;
  if (pitch == 1)
    with([](const Word* from, std::int64_t count, Word* to)
             __attribute__((always_inline)) { copy_apart<1>(from, count, to); });
  else if (pitch == 2)
    with([](const Word* from, std::int64_t count, Word* to)
             __attribute__((always_inline)) { copy_apart<2>(from, count, to); });
  else
    with([pitch](const Word* from, std::int64_t count, Word* to) {
      for (std::int64_t i = 0; i < count; ++i) to[i] = from[pitch * i];
    });
}

}  // namespace

template <typename Word>
void lay_out_plane(const LeftLayout& layout, const Word* plane, Word border, Word* target, SimdPath path) {
  static_assert(sizeof(Word) == 4);
  on_path(
      path, [&]() __attribute__((always_inline)) { lay_out(layout, plane, border, target); });
}
template void lay_out_plane(const LeftLayout&, const std::uint32_t*, std::uint32_t, std::uint32_t*, SimdPath);
template void lay_out_plane(const LeftLayout&, const float*, float, float*, SimdPath);

}  // namespace quatrain::emu
