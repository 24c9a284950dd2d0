/// LUQ's draws are others than they should be, or the threshold that follows from them.
#include "sim/diagnosis/quantizer/draws.hpp"
#include "sim/diagnosis/quantizer/hypotheses.hpp"
#include "sim/diagnosis/quantizer/model.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace quatrain::sim::diagnosis {
namespace {

using Case = DifferingQuantizer;

template <typename Draw>
QuantizerClaim claim(std::string cause, std::string statement, Draw draw) {
  return claim_of("draw." + std::move(cause), "are the codes " + std::move(statement), {.draw = draw});
}

/// `at`: the element whose draw is taken.
template <typename At>
QuantizerClaim other_element(std::string cause, std::string statement, At at) {
  return claim(std::move(cause), std::move(statement), [at](const Case& c, std::int64_t element) {
    return draw_at(c.task.draws, c.task.random_bits, std::max<std::int64_t>(at(c, element), 0));
  });
}

/// `change`: of the words that name a tensor's draws.
template <typename Change>
QuantizerClaim other_key(std::string cause, std::string statement, Change change) {
  return claim(std::move(cause), std::move(statement), [change](const Case& c, std::int64_t element) {
    traces::DrawKey key = c.task.draws;
    change(key);
    return draw_at(key, c.task.random_bits, element);
  });
}

std::int64_t in_a_word(const Case& c) { return 32 / static_cast<std::int64_t>(c.task.random_bits); }
std::int64_t in_a_block(const Case& c) { return 128 / static_cast<std::int64_t>(c.task.random_bits); }

}  // namespace

std::vector<QuantizerClaim> draw() {
  const auto reversed = [](std::int64_t element, std::int64_t group) {
    return element - element % group + group - 1 - element % group;
  };
  return {other_element("next", "with the draw of the next element",
                        [](const Case&, std::int64_t i) { return i + 1; }),
          other_element("before", "with the draw of the element before",
                        [](const Case&, std::int64_t i) { return i - 1; }),
          other_element("shared", "with one draw for two neighbours",
                        [](const Case&, std::int64_t i) { return i / 2 * 2; }),
          other_element("order", "with the draws of a word taken from its high bits first",
                        [=](const Case& c, std::int64_t i) { return reversed(i, in_a_word(c)); }),
          other_element("block_order", "with the draws of a block taken from its end first",
                        [=](const Case& c, std::int64_t i) { return reversed(i, in_a_block(c)); }),
          other_element("first", "with the first draw for every element",
                        [](const Case&, std::int64_t) { return 0; }),
          other_element("one_a_word", "with one draw from every word",
                        [](const Case& c, std::int64_t i) { return i * in_a_word(c); }),
          other_element("one_a_block", "with one draw from every block",
                        [](const Case& c, std::int64_t i) { return i * in_a_block(c); }),
          other_element("repeated_32", "with the same draws for every 32 elements",
                        [](const Case&, std::int64_t i) { return i % 32; }),
          other_element("repeated_256", "with the same draws for every 256 elements",
                        [](const Case&, std::int64_t i) { return i % 256; }),
          other_key("sample", "with the draws of sample 0", [](traces::DrawKey& key) { key.sample = 0; }),
          other_key("sample_next", "with the draws of the next sample",
                    [](traces::DrawKey& key) { ++key.sample; }),
          other_key("step", "with the draws of the step before", [](traces::DrawKey& key) { --key.step; }),
          other_key("step_zero", "with the draws of step 0", [](traces::DrawKey& key) { key.step = 0; }),
          other_key("step_next", "with the draws of the next step", [](traces::DrawKey& key) { ++key.step; }),
          other_key("layer", "with the draws of layer 0", [](traces::DrawKey& key) { key.layer = 0; }),
          other_key("seed", "with the draws of seed 0", [](traces::DrawKey& key) { key.seed = 0; }),
          other_key("step_and_layer", "with step and layer exchanged in the counter",
                    [](traces::DrawKey& key) { std::swap(key.step, key.layer); }),
          claim("sixteen_bits", "with the low bits of a 16-bit draw", [](const Case& c, std::int64_t i) {
            return draw_at(c.task.draws, 16, i) & ((1U << c.task.random_bits) - 1);
          })};
}

std::vector<QuantizerClaim> threshold() {
  return {
      claim_of("threshold.low", "are the codes with the threshold u / 2^r", {.threshold = Threshold::low}),
      claim_of("threshold.high", "are the codes with the threshold (u + 1) / 2^r",
               {.threshold = Threshold::high}),
      claim_of("threshold.greater", "are the codes where an element on its threshold stays down",
               {.threshold = Threshold::greater})};
}

}  // namespace quatrain::sim::diagnosis
