/// The quantizers against memcpy of the same tensor. A quantizer reads every element twice (maximum, codes)
/// or, for SAWB, three times, and writes a byte: the ratio is that of the bytes moved in a second.
#include "emu/quant/quantizer.hpp"
#include "emu/quant/reference.hpp"
#include "tests/bench/bars.hpp"
#include "tests/bench/emu_bars.hpp"

#include <cstring>
#include <random>
#include <stdexcept>

namespace quatrain::tests {
namespace {

using traces::Rule;

void measure(Bars& bars, const char* what, const emu::QuantizerConfig& config, std::size_t elements,
             double bar) {
  const std::string name = fmt::format("{}, {} elements", what, elements);
  if (!bars.wants(name)) return;
  std::mt19937 random(1);
  std::lognormal_distribution<float> magnitude;
  std::vector<float> x(elements), copy(elements);
  for (float& value : x) value = magnitude(random);
  base::ThreadPool pool(1);
  const auto quantizer = emu::make_quantizer(config, emu::chosen_path());
  emu::QuantizedTensor ours, expected;
  const auto run_ours = [&] { quantizer->quantize(x, {1, 2, 3, 0}, std::nullopt, pool, ours); };
  run_ours();
  emu::ReferenceQuantizer(config).quantize(x, {1, 2, 3, 0}, std::nullopt, pool, expected);
  if (ours.codes != expected.codes || ours.scale != expected.scale)
    throw std::runtime_error(fmt::format("{}: results differ: nothing to time", what));
  const bool is_sawb = config.rule == Rule::sawb_int4 || config.rule == Rule::sawb_uint4;
  const auto count = static_cast<double>(elements);
  bars.measure(
      name, count * (is_sawb ? 13 : 9), bar, run_ours,
      [&] {
        std::memcpy(copy.data(), x.data(), elements * sizeof(float));
        asm volatile("" ::"r"(copy.data()) : "memory");
      },
      count * 8);
}

}  // namespace

void print_quantizer_bars(const std::regex& rows) {
  Bars bars(fmt::format("Quantizers on {}, rival memcpy, one thread", emu::title_of(emu::chosen_path())),
            "memcpy", "GB/s of bytes read and written", rows);
  for (const std::size_t elements : {std::size_t{1} << 20, std::size_t{1} << 24}) {
    measure(bars, "LUQ, 16 random bits", {.rule = Rule::luq_fp4, .random_bits = 16}, elements, 0.5);
    measure(bars, "LUQ, 8 random bits", {.rule = Rule::luq_fp4, .random_bits = 8}, elements, 0.65);
    measure(bars, "LUQ, 4 random bits", {.rule = Rule::luq_fp4, .random_bits = 4}, elements, 0.65);
    measure(bars, "nearest", {.rule = Rule::nearest_fp4, .random_bits = 0}, elements, 0.65);
    measure(bars, "SAWB int4", {.rule = Rule::sawb_int4}, elements, 0.9);
    measure(bars, "SAWB uint4", {.rule = Rule::sawb_uint4}, elements, 0.9);
  }
  bars.print();
}

}  // namespace quatrain::tests
