#include "emu/nn/trace_steps.hpp"

#include "traces/base/error.hpp"

#include <algorithm>
#include <charconv>

namespace quatrain::emu {
namespace {

std::int64_t step_of(std::string_view word, std::int64_t epochs, std::int64_t steps_per_epoch) {
  if (word == "first") return 0;
  if (word == "middle") return epochs / 2 * steps_per_epoch;
  if (word == "last") return (epochs - 1) * steps_per_epoch;
  std::int64_t step = -1;
  const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), step);
  if (failure != std::errc() || end != word.data() + word.size() || step < 0 || word.front() == '-')
    throw base::Error("traced steps: '{}'; expected step numbers or first, middle, last, with commas between",
                      word);
  if (step >= epochs * steps_per_epoch)
    throw base::Error("traced steps: step {}; expected 0..{}, the steps of this run", step,
                      epochs * steps_per_epoch - 1);
  return step;
}

}  // namespace

std::set<std::int64_t> trace_steps(std::string_view list, std::int64_t epochs, std::int64_t steps_per_epoch) {
  std::set<std::int64_t> steps;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    steps.insert(step_of(list.substr(begin, end - begin), epochs, steps_per_epoch));
    begin = end + 1;
  }
  return steps;
}

}  // namespace quatrain::emu
