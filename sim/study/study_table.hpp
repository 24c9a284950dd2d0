#pragma once
/// What `quatrain study` prints.

#include "sim/study/study.hpp"

#include <string>

namespace quatrain::sim::study {

/// A block for each gradient, a line for each setting and N.
std::string study_table(const GradientStudy& study);

/// "LUQ 8 bits pow2", "nearest exact".
std::string in_words(const Setting& setting);

}  // namespace quatrain::sim::study
