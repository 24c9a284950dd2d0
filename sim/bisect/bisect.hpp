#pragma once
/// Where two runs that should be one part: first by what their directories hold, then by running the step
/// again.

#include "sim/bisect/recorded_run.hpp"

#include <functional>

namespace quatrain::sim::bisect {

enum class Side : std::uint8_t { a, b };

struct RepeatRequest {
  Side side = Side::a;
  std::filesystem::path checkpoint;  ///< "": the seed's initial parameters
  std::int64_t step = 0;             ///< the last that is run
  std::optional<std::size_t> keep;   ///< the place of a tensor whose values are wanted
};
/// Runs steps of a run again, as that run was computed.
using Repeat = std::function<emu::RepeatedStep(const RepeatRequest&)>;

struct Bisection {
  bool is_equal = true;
  std::vector<std::string> lines;    ///< what was found, for a person
  std::optional<std::int64_t> step;  ///< the first that differs, where it is known
  /// The first tensor of that step that differs, in the order of computation; of two runs of one config that
  /// both could be computed again.
  std::optional<emu::StepTensor> tensor;
};

/// `repeat`: empty for an answer from the files alone.
Bisection bisect(const RecordedRun& a, const RecordedRun& b, const Repeat& repeat);

}  // namespace quatrain::sim::bisect
