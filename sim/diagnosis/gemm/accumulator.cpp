/// The sum is kept in fewer bits: an integer that wraps or saturates, or a float that rounds. The order is
/// that of numerics.md section 7: k ascending, the samples one after the other.
#include "sim/diagnosis/gemm/hypotheses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace quatrain::sim::diagnosis {
namespace {

std::int64_t wrapped(std::int64_t value, unsigned bits) {
  const unsigned free = 64 - bits;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << free) >> free;
}

std::int64_t saturated(std::int64_t value, unsigned bits) {
  const std::int64_t most = (std::int64_t{1} << (bits - 1)) - 1;
  return std::clamp(value, -most - 1, most);
}

/// A binary float without subnormals: sums of integers need none.
struct Float {
  std::string_view word;
  int significant_bits;
  double largest;
};
constexpr Float fp16{"fp16", 11, 65504}, bf16{"bf16", 8, 3.3895313892515355e38},
    fp32{"fp32", 24, 3.4028234663852886e38};

/// Round to nearest, ties to even, in fp64: the exact sum of two such floats that stand for sums of codes
/// fits 53 bits.
double rounded(double exact, const Float& format) {
  if (exact == 0) return 0;
  int exponent = 0;
  std::frexp(exact, &exponent);
  const double unit = std::ldexp(1.0, exponent - format.significant_bits);
  const double value = std::nearbyint(exact / unit) * unit;
  return std::abs(value) > format.largest ? std::copysign(INFINITY, value) : value;
}

/// body(product) for each term in order, beginning(n) before the n-th.
template <typename Beginning, typename Body>
void for_each_product(const DifferingGemm& gemm, const Sum& sum, const Beginning& beginning,
                      const Body& body) {
  std::int64_t number = 0;
  for (const Side& right : gemm.right)
    for (const Term& term : sum.terms) {
      beginning(number++);
      body(std::int64_t{gemm.left.value(term.left)} * right.value(term.right));
    }
}

constexpr auto nothing = [](std::int64_t) {};

std::optional<std::int64_t> integer_of(double value) {
  if (!std::isfinite(value) || std::abs(value) > 2147483647.0)
    return std::nullopt;  // what the cast gives is open
  return static_cast<std::int64_t>(value);
}

/// chunk 0: one sum over all terms.
std::optional<std::int64_t> float_sum(const DifferingGemm& gemm, const Sum& sum, const Float& format,
                                      std::int64_t chunk) {
  double total = 0, part = 0;
  for_each_product(
      gemm, sum,
      [&](std::int64_t number) {
        if (chunk == 0 || number == 0 || number % chunk != 0) return;
        total = rounded(total + part, fp32);
        part = 0;
      },
      [&](std::int64_t product) { part = rounded(part + static_cast<double>(product), format); });
  return integer_of(chunk == 0 ? part : rounded(total + part, fp32));
}

GemmClaim float_claim(const Float& format, std::int64_t chunk) {
  return {chunk == 0 ? fmt::format("accumulator.{}", format.word)
                     : fmt::format("accumulator.{}_chunk_{}", format.word, chunk),
          [&format, chunk](const DifferingGemm&) {
            return chunk == 0 ? fmt::format("equal the sum in {}, rounded after every term", format.word)
                              : fmt::format("equal the sum of {} terms at a time in {}, added in fp32", chunk,
                                            format.word);
          },
          [&format, chunk](const DifferingGemm& gemm, const Sum& sum) {
            return float_sum(gemm, sum, format, chunk);
          }};
}

/// Parts of `chunk` terms in a narrow integer, added in int32.
GemmClaim integer_chunk_claim(unsigned bits, bool saturates, std::int64_t chunk) {
  return {fmt::format("accumulator.int{}_{}_chunk_{}", bits, saturates ? "saturated" : "wrapped", chunk),
          [=](const DifferingGemm&) {
            return fmt::format("equal the sum of {} terms at a time that {} in {} bits", chunk,
                               saturates ? "saturate" : "wrap", bits);
          },
          [=](const DifferingGemm& gemm, const Sum& sum) {
            std::int64_t total = 0, part = 0;
            for_each_product(
                gemm, sum,
                [&](std::int64_t number) {
                  if (number % chunk != 0) return;
                  total += part;
                  part = 0;
                },
                [&](std::int64_t product) {
                  part = saturates ? saturated(part + product, bits) : wrapped(part + product, bits);
                });
            return total + part;
          }};
}

GemmClaim wrapped_claim(unsigned bits) {
  return {fmt::format("accumulator.int{}_wrapped", bits),
          [bits](const DifferingGemm&) { return fmt::format("equal the sum wrapped to {} bits", bits); },
          [bits](const DifferingGemm&, const Sum& sum) { return wrapped(sum.expected, bits); }};
}

GemmClaim saturated_claim(unsigned bits, bool after_each_term) {
  return {fmt::format("accumulator.int{}_saturated{}", bits, after_each_term ? "" : "_at_end"),
          [=](const DifferingGemm&) {
            return fmt::format("equal the sum saturated in {} bits {}", bits,
                               after_each_term ? "after every term" : "at its end");
          },
          [=](const DifferingGemm& gemm, const Sum& sum) {
            if (!after_each_term) return saturated(sum.expected, bits);
            std::int64_t total = 0;
            for_each_product(gemm, sum, nothing,
                             [&](std::int64_t product) { total = saturated(total + product, bits); });
            return total;
          }};
}

}  // namespace

std::vector<GemmClaim> accumulator(const DifferingGemm&, const Sum&) {
  std::vector<GemmClaim> claims;
  for (const unsigned bits : {16U, 24U, 8U, 12U, 20U, 14U, 10U, 18U, 22U}) {
    claims.push_back(wrapped_claim(bits));
    claims.push_back(saturated_claim(bits, true));
    claims.push_back(saturated_claim(bits, false));
  }
  for (const Float* format : {&fp32, &fp16, &bf16}) {
    claims.push_back(float_claim(*format, 0));
    for (const std::int64_t chunk : {4, 8, 16, 32, 64, 128, 256})
      claims.push_back(float_claim(*format, chunk));
  }
  for (const std::int64_t chunk : {8, 16, 32, 64, 128, 256})
    for (const unsigned bits : {8U, 16U})
      for (const bool saturates : {false, true})
        claims.push_back(integer_chunk_claim(bits, saturates, chunk));
  return claims;
}

}  // namespace quatrain::sim::diagnosis
