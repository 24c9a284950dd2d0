#pragma once
/// Which steps of a run to trace, from what the user typed.

#include <cstdint>
#include <set>
#include <string_view>

namespace quatrain::emu {

/// `list`: step numbers and the words first, middle, last (the first step of those epochs; the middle one is
/// epochs / 2, counted from 0), with commas between. Throws Error for anything else, or a step that the run
/// does not have.
std::set<std::int64_t> trace_steps(std::string_view list, std::int64_t epochs, std::int64_t steps_per_epoch);

}  // namespace quatrain::emu
