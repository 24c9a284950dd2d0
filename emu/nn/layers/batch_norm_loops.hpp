#pragma once
/// The passes of a batch_norm over one channel, and of what runs fused with it (docs/training-step.md section
/// 7). They are inlined into a function of the path's instructions (emu/simd/dispatch.hpp).

#include "emu/nn/sum.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace quatrain::emu {

/// In which order a pass takes a channel's chunks. Behind a pass forwards, one backwards finds in the cache
/// what that read last. Chunks do not depend on each other.
enum class PassOrder : std::uint8_t { forwards, backwards };

/// body(begin, end) for the chunks of a channel.
template <typename Body>
[[gnu::always_inline]] inline void for_chunks(std::size_t count, PassOrder order, const Body& body) {
  const std::size_t chunks = (count + sum_chunk - 1) / sum_chunk;
  for (std::size_t n = 0; n < chunks; ++n) {
    const std::size_t begin = (order == PassOrder::forwards ? n : chunks - 1 - n) * sum_chunk;
    body(begin, std::min(begin + sum_chunk, count));
  }
}

/// The sums (section 5) of several sequences at once: fill(begin, count, rooms) writes `count` elements of
/// each into its room.
template <std::size_t sequences, typename Fill>
[[gnu::always_inline]] inline std::array<float, sequences> sums_of(std::size_t count, PassOrder order,
                                                                   const Fill& fill) {
  constexpr std::size_t block = 1024;  // all rooms stay in the first cache
  static_assert(sum_chunk % block == 0);
  std::array<std::array<float, block>, sequences> rooms;
  std::array<std::vector<float>, sequences> sums;
  for (std::vector<float>& of_chunks : sums) of_chunks.resize((count + sum_chunk - 1) / sum_chunk);
  for_chunks(
      count, order, [&](std::size_t begin, std::size_t end) __attribute__((always_inline)) {
        std::array<SumLanes, sequences> lanes;
        for (std::size_t at = begin; at < end; at += block) {
          const std::size_t elements = std::min(block, end - at);
          fill(at, elements, rooms);
          for (std::size_t i = 0; i < sequences; ++i) lanes[i].add(rooms[i].data(), elements);
        }
        for (std::size_t i = 0; i < sequences; ++i) sums[i][begin / sum_chunk] = lanes[i].folded();
      });
  std::array<float, sequences> results;
  for (std::size_t i = 0; i < sequences; ++i) results[i] = sum(sums[i]);
  return results;
}

/// The larger of two magnitudes as bits: those of finite floats are ordered like the floats.
[[gnu::always_inline]] inline std::int32_t larger(std::int32_t magnitude, float value) {
  return std::max(magnitude, std::bit_cast<std::int32_t>(value) & 0x7FFFFFFF);
}

/// What a channel's elements go through.
struct ChannelNorm {
  float mean, inverse, weight, bias;
  [[gnu::always_inline]] float normalized(float x) const { return (x - mean) * inverse; }
  [[gnu::always_inline]] float output(float x) const { return weight * normalized(x) + bias; }
};

/// `value`, or +0. A choice between two numbers the compiler makes a branch at times, and loads with it.
[[gnu::always_inline]] inline float kept_where(bool is_kept, float value) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & -static_cast<std::uint32_t>(is_kept));
}

/// Asks for a run of the next sample while that of this one is worked on: the processor's own guesses end
/// with the run.
template <typename... Pointers>
[[gnu::always_inline]] inline void ask_for(std::size_t place, std::size_t run, const Pointers*... tensors) {
  for (std::size_t i = 0; i < run; i += 16) (__builtin_prefetch(tensors + place + i, 0, 2), ...);
}

/// sum(x).
[[gnu::always_inline]] inline float sum_elements(const ChannelElements& channel, const float* x) {
  return sums_of<1>(
      channel.size(), PassOrder::forwards,
      [&](std::size_t begin, std::size_t count, auto& rooms) __attribute__((always_inline)) {
        float* room = rooms[0].data();
        channel.for_runs(
            begin,
            count, [&](std::size_t place, std::size_t done, std::size_t run) __attribute__((always_inline)) {
              ask_for(place + channel.sample(), run, x);
#pragma GCC ivdep
              for (std::size_t i = 0; i < run; ++i) room[done + i] = x[place + i];
            });
      })[0];
}

/// sum((x - mean)^2).
[[gnu::always_inline]] inline float sum_squares(const ChannelElements& channel, const float* x, float mean) {
  return sums_of<1>(
      channel.size(), PassOrder::backwards,
      [&](std::size_t begin, std::size_t count, auto& rooms) __attribute__((always_inline)) {
        float* room = rooms[0].data();
        channel.for_runs(
            begin,
            count, [&](std::size_t place, std::size_t done, std::size_t run) __attribute__((always_inline)) {
#pragma GCC ivdep
              for (std::size_t i = 0; i < run; ++i) {
                const float difference = x[place + i] - mean;
                room[done + i] = difference * difference;
              }
            });
      })[0];
}

/// y, through addition and relu where they are fused; returns the bits of max |y|. addend: read only where
/// `adds`.
template <bool adds, bool rectifies>
[[gnu::always_inline]] inline std::int32_t normalize(const ChannelElements& channel, const ChannelNorm& by,
                                                     const float* x, const float* addend, float* y) {
  std::int32_t largest = 0;
  channel.for_runs(
      0, channel.size(), [&](std::size_t place, std::size_t, std::size_t run) __attribute__((always_inline)) {
        if constexpr (adds) ask_for(place + channel.sample(), run, addend);
        std::int32_t of_run = largest;
#pragma GCC ivdep
        for (std::size_t i = place; i < place + run; ++i) {
          float value = by.output(x[i]);
          if constexpr (adds) value = value + addend[i];
          if constexpr (rectifies) value = value <= 0 ? 0.0F : value;
          y[i] = value;
          of_run = larger(of_run, value);
        }
        largest = of_run;
      });
  return largest;
}

/// Where a relu behind the batch_norm lets a gradient pass.
enum class Mask : std::uint8_t {
  none,       ///< everywhere: there is no relu
  by_input,   ///< where the batch_norm's output is above zero, found from x
  by_output,  ///< where the output of the relu is, and what passes is written
};

/// The gradient by the last output, in one part or two, and what it is masked by.
struct GradientPointers {
  const float* first;
  const float* second;  ///< only by_output; null: there is one part
  const float* output;  ///< only by_output
  float* passed;        ///< only by_output; may be `first` or `second` itself
};

/// sum(dy) and sum(dy z).
template <Mask mask, bool has_two_parts>
[[gnu::always_inline]] inline std::array<float, 2> sum_gradients(const ChannelElements& channel,
                                                                 const ChannelNorm& by, const float* x,
                                                                 const GradientPointers& gradient) {
  const float *first = gradient.first, *second = gradient.second, *output = gradient.output;
  float* passed = gradient.passed;
  return sums_of<2>(
      channel.size(), PassOrder::forwards,
      [&](std::size_t begin, std::size_t count, auto& rooms) __attribute__((always_inline)) {
        float *room = rooms[0].data(), *products = rooms[1].data();
        channel.for_runs(
            begin,
            count, [&](std::size_t place, std::size_t done, std::size_t run) __attribute__((always_inline)) {
              ask_for(place + channel.sample(), run, x, first);
              if constexpr (has_two_parts) ask_for(place + channel.sample(), run, second);
              if constexpr (mask == Mask::by_output) ask_for(place + channel.sample(), run, output);
#pragma GCC ivdep
              for (std::size_t i = 0; i < run; ++i) {
                float dy = first[place + i];
                if constexpr (has_two_parts) dy = dy + second[place + i];
                const float z = by.normalized(x[place + i]);
                if constexpr (mask == Mask::by_input) dy = kept_where(by.weight * z + by.bias > 0, dy);
                if constexpr (mask == Mask::by_output) {
                  dy = kept_where(output[place + i] > 0, dy);
                  passed[place + i] = dy;
                }
                room[done + i] = dy;
                products[done + i] = dy * z;
              }
            });
      });
}

/// dx from dy, which `masks` says to find by the input once more; returns the bits of max |dx|. dx may be dy
/// itself.
template <bool masks>
[[gnu::always_inline]] inline std::int32_t differentiate(const ChannelElements& channel,
                                                         const ChannelNorm& by, float of_bias,
                                                         float of_weight, const float* x, const float* dy,
                                                         float* dx) {
  const float factor = by.weight * by.inverse;
  std::int32_t largest = 0;
  for_chunks(
      channel.size(),
      PassOrder::backwards, [&](std::size_t begin, std::size_t end) __attribute__((always_inline)) {
        channel.for_runs(
            begin,
            end - begin, [&](std::size_t place, std::size_t, std::size_t run) __attribute__((always_inline)) {
              std::int32_t of_run = largest;
#pragma GCC ivdep
              for (std::size_t i = place; i < place + run; ++i) {
                const float z = by.normalized(x[i]);
                float gradient = dy[i];
                if constexpr (masks) gradient = kept_where(by.weight * z + by.bias > 0, gradient);
                const float result = factor * ((gradient - of_bias) - z * of_weight);
                dx[i] = result;
                of_run = larger(of_run, result);
              }
              largest = of_run;
            });
      });
  return largest;
}

}  // namespace quatrain::emu
