#include "sim/conformance/boundaries.hpp"

#include "traces/encoding/nibbles.hpp"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>

namespace quatrain::sim {
namespace {

using traces::Rule;

float below(float x) { return std::nextafter(x, -std::numeric_limits<float>::infinity()); }
float above(float x) { return std::nextafter(x, std::numeric_limits<float>::infinity()); }

/// Grows with the element's magnitude, whatever its sign.
unsigned height_of(Rule rule, std::uint8_t code) {
  switch (rule) {
    case Rule::sawb_int4:
    case Rule::sawb_uint4:
      return static_cast<unsigned>(std::abs(traces::code_values(traces::encoding_of(rule))[code]));
    case Rule::luq_fp4:
    case Rule::nearest_fp4:
      return code & 7U;
  }
  __builtin_unreachable();
}

std::vector<unsigned> heights(const CaseTensor& tensor, const CaseKey& key, traces::Machine& machine) {
  const traces::QuantizerResult result = machine.quantize(task_of(tensor, key));
  std::vector<unsigned> heights;
  heights.reserve(tensor.source.size());
  for (std::size_t i = 0; i < tensor.source.size(); ++i)
    heights.push_back(height_of(tensor.rule, traces::nibble_at(result.codes, i)));
  return heights;
}

}  // namespace

traces::QuantizerTask task_of(const CaseTensor& tensor, const CaseKey& key) {
  return {.rule = tensor.rule,
          .source = tensor.source,
          .draws = {key.seed, key.step, key.layer, key.sample},
          .random_bits = traces::info_of(tensor.rule).draws ? tensor.random_bits : 0,
          .alpha = tensor.alpha,
          .maximum = tensor.maximum};
}

unsigned steps_of(Rule rule) {
  switch (rule) {
    case Rule::sawb_uint4:
      return 15;
    case Rule::sawb_int4:
    case Rule::luq_fp4:
    case Rule::nearest_fp4:
      return 7;
  }
  __builtin_unreachable();
}

std::vector<float> smallest_above(const CaseTensor& tensor, const CaseKey& key,
                                  const std::vector<unsigned>& levels, float most, traces::Machine& machine) {
  // The bits of floats from 0 on are in the order of their values. Element i is above its level at high[i],
  // and not at low[i] - 1.
  std::vector<std::uint32_t> low(levels.size(), 0), high(levels.size(), std::bit_cast<std::uint32_t>(most));
  CaseTensor probe = tensor;
  for (int round = 0; round < 31; ++round) {
    for (std::size_t i = 0; i < levels.size(); ++i)
      probe.source[i] = std::bit_cast<float>(low[i] + (high[i] - low[i]) / 2);
    const std::vector<unsigned> found = heights(probe, key, machine);
    for (std::size_t i = 0; i < levels.size(); ++i) {
      const std::uint32_t middle = low[i] + (high[i] - low[i]) / 2;
      if (found[i] > levels[i])
        high[i] = middle;
      else if (low[i] < high[i])
        low[i] = middle + 1;
    }
  }
  std::vector<float> edges;
  edges.reserve(levels.size());
  for (const std::uint32_t bits : high) edges.push_back(std::bit_cast<float>(bits));
  return edges;
}

void put_on_drawn_edges(CaseTensor& tensor, const CaseKey& key, std::size_t elements, float most,
                        traces::Machine& machine) {
  tensor.source.assign(elements, most);
  std::vector<unsigned> levels(elements - 1, 3);
  const std::vector<float> by_draw = smallest_above(tensor, key, levels, most, machine);
  std::map<float, unsigned> turns;  // elements of one draw have one edge
  std::vector<bool> is_below(elements - 1);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto [turn, is_new] = turns.try_emplace(by_draw[i], static_cast<unsigned>(turns.size() % 14));
    levels[i] = turn->second % 14 / 2;
    is_below[i] = turn->second % 2 == 1;
    ++turn->second;
  }
  const std::vector<float> edges = smallest_above(tensor, key, levels, most, machine);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const float x = is_below[i] ? below(edges[i]) : edges[i];
    tensor.source[i] = i % 3 == 0 ? -x : x;
  }
  tensor.source.back() = -most;
}

void put_on_edges(CaseTensor& tensor, const CaseKey& key, const std::vector<float>& fixed, float most,
                  traces::Machine& machine) {
  const bool is_signed = tensor.rule != Rule::sawb_uint4;
  const unsigned copies = is_signed ? 6 : 3;
  std::vector<unsigned> levels;
  for (unsigned level = 0; level < steps_of(tensor.rule); ++level) levels.insert(levels.end(), copies, level);
  tensor.source.assign(levels.size(), most);
  tensor.source.insert(tensor.source.end(), fixed.begin(), fixed.end());
  const std::vector<float> edges = smallest_above(tensor, key, levels, most, machine);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const float x = i % 3 == 0 ? edges[i] : i % 3 == 1 ? below(edges[i]) : std::fmin(above(edges[i]), most);
    tensor.source[i] = i % copies >= 3 ? -x : x;
  }
}

void put_on_draw_bit(CaseTensor& tensor, const CaseKey& key, unsigned bit, std::size_t elements,
                     traces::Machine& machine) {
  constexpr unsigned level = 3;  // from 4 to 8: 4 (1 + g) goes up where g is at least the draw's threshold
  std::vector<float> parts(elements, 0.5F);
  const auto fill = [&] {
    tensor.source.assign(1, 64);
    for (std::size_t i = 1; i < elements; ++i)
      tensor.source.push_back((i % 3 == 0 ? -4 : 4) * (1 + parts[i]));
  };
  fill();
  for (unsigned before = 0; before < bit; ++before) {
    const std::vector<unsigned> found = heights(tensor, key, machine);
    const float step = std::ldexp(1.0F, -2 - static_cast<int>(before));
    for (std::size_t i = 1; i < elements; ++i) parts[i] += found[i] > level ? -step : step;
    fill();
  }
}

}  // namespace quatrain::sim
