#include "emu/nn/gradient_statistics.hpp"

#include "emu/nn/elementary.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace quatrain::emu {
namespace {

constexpr std::size_t term_lanes = 8;
constexpr std::size_t term_elements = 4096;  // elements whose sums are one term of the tensor's

/// A sum of up to `term_elements` terms: term i goes to lane i mod 8; the lanes fold by halves.
class LaneSum {
 public:
  void add(std::size_t lane, double term) { lanes_[lane] += term; }
  double total() const {
    std::array<double, term_lanes> folded = lanes_;
    for (std::size_t width = term_lanes / 2; width > 0; width /= 2)
      for (std::size_t lane = 0; lane < width; ++lane) folded[lane] += folded[lane + width];
    return folded[0];
  }

 private:
  std::array<double, term_lanes> lanes_{};
};

/// Of a part of the tensor.
struct Part {
  std::uint64_t nonzero = 0, below_alpha = 0;
  float maximum = 0;
  double square = 0, ln = 0, ln_square = 0;  // of x and of ln |x|
  double product = 0, noise = 0;             // of q x and (q - x)^2
  std::array<std::uint64_t, 16> codes{};

  void add(const Part& other) {
    nonzero += other.nonzero;
    below_alpha += other.below_alpha;
    maximum = std::max(maximum, other.maximum);
    square += other.square;
    ln += other.ln;
    ln_square += other.ln_square;
    product += other.product;
    noise += other.noise;
    for (std::size_t code = 0; code < codes.size(); ++code) codes[code] += other.codes[code];
  }
};

float largest(std::span<const float> source) {
  float maximum = 0;
  for (const float x : source) maximum = std::max(maximum, std::fabs(x));
  return maximum;
}

void measure(std::span<const float> source, float alpha, Part& part) {
  LaneSum square, ln, ln_square;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const float magnitude = std::fabs(source[i]);
    const double x = magnitude;
    square.add(i % term_lanes, x * x);
    if (magnitude == 0) continue;
    ++part.nonzero;
    part.below_alpha += magnitude < alpha;
    const double logarithm_of_x = logarithm(magnitude);
    ln.add(i % term_lanes, logarithm_of_x);
    ln_square.add(i % term_lanes, logarithm_of_x * logarithm_of_x);
  }
  part.maximum = largest(source);
  part.square = square.total();
  part.ln = ln.total();
  part.ln_square = ln_square.total();
}

void compare(std::span<const float> source, std::span<const std::uint8_t> codes,
             const std::array<double, 16>& decoded, Part& part) {
  LaneSum product, noise;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const double x = source[i], q = decoded[codes[i]];
    ++part.codes[codes[i]];
    product.add(i % term_lanes, q * x);
    noise.add(i % term_lanes, (q - x) * (q - x));
  }
  part.product = product.total();
  part.noise = noise.total();
}

/// The chunks' parts, added in their order.
template <typename Measure>
Part total_of_chunks(std::size_t elements, base::ThreadPool& pool, const Measure& measure_chunk) {
  constexpr std::size_t chunks_a_task = 8;
  const std::size_t chunks = (elements + term_elements - 1) / term_elements;
  std::vector<Part> parts(chunks);
  base::for_pieces(pool, chunks, chunks_a_task, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      measure_chunk(i * term_elements, std::min(term_elements, elements - i * term_elements), parts[i]);
  });
  Part total;
  for (const Part& part : parts) total.add(part);
  return total;
}

std::optional<float> ratio(double numerator, double denominator) {
  if (denominator == 0) return std::nullopt;
  return static_cast<float>(numerator / denominator);
}

/// Of a ratio of powers.
float decibels(float ratio_of_powers) {
  constexpr double decibels_per_ln = 4.342944819032518;  // 10 / ln 10
  return static_cast<float>(decibels_per_ln * static_cast<double>(logarithm(ratio_of_powers)));
}

void add_codes(const Part& total, GradientStatistics& result) {
  auto& counts = result.codes.emplace();
  std::uint64_t norm = 0;  // of q in units of alpha, squared: below 2^12 times 2^31 elements
  for (std::size_t code = 0; code < 16; ++code) {
    const int value = traces::fp4_e3m0_values[code];
    const auto place = std::ranges::find(GradientStatistics::values, value);
    counts[static_cast<std::size_t>(place - GradientStatistics::values.begin())] += total.codes[code];
    norm += total.codes[code] * static_cast<std::uint64_t>(value * value);
  }
  result.top_code_share =
      ratio(static_cast<double>(counts.front() + counts.back()), static_cast<double>(total.nonzero));
  result.gain = ratio(total.product, total.square);
  const double alpha = result.alpha;
  result.cosine =
      ratio(total.product, std::sqrt(static_cast<double>(norm) * alpha * alpha) * std::sqrt(total.square));
  if (total.square == 0) return;
  const auto power = static_cast<float>(total.square / total.noise);  // infinite without noise
  result.snr_db = decibels(power);
}

}  // namespace

GradientStatistics gradient_statistics(std::span<const float> source, const QuantizedTensor* quantized,
                                       base::ThreadPool& pool) {
  GradientStatistics result{.elements = source.size()};
  std::array<double, 16> decoded{};
  if (quantized != nullptr) {
    result.alpha = quantized->scale;
    for (std::size_t code = 0; code < 16; ++code)
      decoded[code] = traces::fp4_e3m0_values[code] * static_cast<double>(quantized->scale);
  } else {
    result.alpha = total_of_chunks(source.size(), pool,
                                   [&](std::size_t begin, std::size_t count, Part& part) {
                                     part.maximum = largest(source.subspan(begin, count));
                                   })
                       .maximum *
                   0x1p-6F;
  }
  const Part total =
      total_of_chunks(source.size(), pool, [&](std::size_t begin, std::size_t count, Part& part) {
        measure(source.subspan(begin, count), result.alpha, part);
        if (quantized != nullptr)
          compare(source.subspan(begin, count), std::span(quantized->codes).subspan(begin, count), decoded,
                  part);
      });
  result.maximum = total.maximum;
  result.nonzero = total.nonzero;
  if (total.nonzero > 0) {
    const auto count = static_cast<double>(total.nonzero);
    const double mean = total.ln / count;
    result.below_alpha_share = ratio(static_cast<double>(total.below_alpha), count);
    result.ln_mean = static_cast<float>(mean);
    result.ln_sigma = static_cast<float>(std::sqrt(std::max(0.0, total.ln_square / count - mean * mean)));
  }
  if (quantized != nullptr) add_codes(total, result);
  return result;
}

}  // namespace quatrain::emu
