#pragma once
/// The three GEMMs as the table of numerics.md section 6 defines them: one loop over the result, one over k,
/// terms out of range skipped. `add(sum, l, r)` is the term: the integer product, or the fma of section 8.
/// What the fast products (blocked.hpp, fp32.hpp) must equal, and the products of emu.naive.

#include "emu/quant/quantizer.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <span>

namespace quatrain::emu {

/// result[..] = add(.. add(result[..], l, r) ..) over k ascending. in_order() also says which k it is.
class DirectProduct {
 public:
  explicit DirectProduct(const traces::Gemm& gemm)
      : phase_(gemm.phase),
        g_(gemm.geometry),
        in_(g_.in_channels / g_.groups),
        out_(g_.out_channels / g_.groups) {}

  template <typename Operand, typename Sum, typename Add>
  void run(std::span<const Operand> left, std::span<const Operand> right, std::span<Sum> result,
           const Add& add) const {
    in_order(left, right, result,
             [&](Sum& sum, std::int64_t, const Operand& l, const Operand& r) { sum = add(sum, l, r); });
  }

  /// add(result[..], k, l, r).
  template <typename Operand, typename Sum, typename Add>
  void in_order(std::span<const Operand> left, std::span<const Operand> right, std::span<Sum> result,
                const Add& add) const {
    const auto body = [&](std::int64_t r, const auto& for_each_term) {
      Sum& sum = result[static_cast<std::size_t>(r)];
      for_each_term([&](std::int64_t k, std::int64_t l, std::int64_t w) {
        add(sum, k, left[static_cast<std::size_t>(l)], right[static_cast<std::size_t>(w)]);
      });
    };
    switch (phase_) {
      case traces::Phase::forward:
        return forward(body);
      case traces::Phase::backward_data:
        return backward_data(body);
      case traces::Phase::backward_weight:
        return backward_weight(body);
    }
  }

 private:
  /// Z[b, o, ho, wo] = sum over (c, i, j) of X[b, c, ho*sh + i - ph, wo*sw + j - pw] * W[o, c, i, j]
  template <typename Body>
  void forward(const Body& body) const {
    for (std::int64_t b = 0; b < g_.batch; ++b)
      for (std::int64_t o = 0; o < g_.out_channels; ++o)
        for (std::int64_t ho = 0; ho < g_.out_height; ++ho)
          for (std::int64_t wo = 0; wo < g_.out_width; ++wo)
            body(output_index(b, o, ho, wo), [&](const auto& term) {
              std::int64_t k = 0;
              for (std::int64_t c = 0; c < in_; ++c)
                for (std::int64_t i = 0; i < g_.kernel_height; ++i)
                  for (std::int64_t j = 0; j < g_.kernel_width; ++j, ++k) {
                    const std::int64_t h = ho * g_.stride_height + i - g_.padding_height;
                    const std::int64_t w = wo * g_.stride_width + j - g_.padding_width;
                    if (is_in_input(h, w))
                      term(k, input_index(b, o / out_ * in_ + c, h, w), weight_index(o, c, i, j));
                  }
            });
  }

  /// dX[b, c, h, w] = sum over (o, i, j) of dZ[b, o, (h + ph - i) / sh, (w + pw - j) / sw] * W[o, c, i, j],
  /// only where both divisions are exact
  template <typename Body>
  void backward_data(const Body& body) const {
    for (std::int64_t b = 0; b < g_.batch; ++b)
      for (std::int64_t c = 0; c < g_.in_channels; ++c)
        for (std::int64_t h = 0; h < g_.height; ++h)
          for (std::int64_t w = 0; w < g_.width; ++w)
            body(input_index(b, c, h, w), [&](const auto& term) {
              std::int64_t k = 0;
              for (std::int64_t o = c / in_ * out_; o < (c / in_ + 1) * out_; ++o)
                for (std::int64_t i = 0; i < g_.kernel_height; ++i)
                  for (std::int64_t j = 0; j < g_.kernel_width; ++j, ++k) {
                    const std::int64_t y = h + g_.padding_height - i, x = w + g_.padding_width - j;
                    if (y % g_.stride_height != 0 || x % g_.stride_width != 0) continue;
                    const std::int64_t ho = y / g_.stride_height, wo = x / g_.stride_width;
                    if (is_in_output(ho, wo))
                      term(k, output_index(b, o, ho, wo), weight_index(o, c % in_, i, j));
                  }
            });
  }

  /// dW[o, c, i, j] = sum over (b, ho, wo) of X[b, c, ho*sh + i - ph, wo*sw + j - pw] * dZ[b, o, ho, wo]
  template <typename Body>
  void backward_weight(const Body& body) const {
    for (std::int64_t o = 0; o < g_.out_channels; ++o)
      for (std::int64_t c = 0; c < in_; ++c)
        for (std::int64_t i = 0; i < g_.kernel_height; ++i)
          for (std::int64_t j = 0; j < g_.kernel_width; ++j)
            body(weight_index(o, c, i, j), [&](const auto& term) {
              std::int64_t k = 0;
              for (std::int64_t b = 0; b < g_.batch; ++b)
                for (std::int64_t ho = 0; ho < g_.out_height; ++ho)
                  for (std::int64_t wo = 0; wo < g_.out_width; ++wo, ++k) {
                    const std::int64_t h = ho * g_.stride_height + i - g_.padding_height;
                    const std::int64_t w = wo * g_.stride_width + j - g_.padding_width;
                    if (is_in_input(h, w))
                      term(k, input_index(b, o / out_ * in_ + c, h, w), output_index(b, o, ho, wo));
                  }
            });
  }

  bool is_in_input(std::int64_t h, std::int64_t w) const {
    return h >= 0 && h < g_.height && w >= 0 && w < g_.width;
  }
  bool is_in_output(std::int64_t h, std::int64_t w) const {
    return h >= 0 && h < g_.out_height && w >= 0 && w < g_.out_width;
  }
  std::int64_t input_index(std::int64_t b, std::int64_t c, std::int64_t h, std::int64_t w) const {
    return ((b * g_.in_channels + c) * g_.height + h) * g_.width + w;
  }
  std::int64_t output_index(std::int64_t b, std::int64_t o, std::int64_t h, std::int64_t w) const {
    return ((b * g_.out_channels + o) * g_.out_height + h) * g_.out_width + w;
  }
  std::int64_t weight_index(std::int64_t o, std::int64_t c, std::int64_t i, std::int64_t j) const {
    return ((o * in_ + c) * g_.kernel_height + i) * g_.kernel_width + j;
  }

  traces::Phase phase_;
  traces::Geometry g_;
  std::int64_t in_, out_;  // channels of one group
};

/// Products of 4-bit codes, summed in the accumulator of the GEMM. right: one tensor, or the samples of
/// backward_weight, which come one after the other. accumulators: result_elements(phase, geometry),
/// overwritten, as in GemmResult.
void multiply_reference(const traces::Gemm& gemm, const QuantizedTensor& left,
                        std::span<const QuantizedTensor> right, std::span<std::int32_t> accumulators);

}  // namespace quatrain::emu
