#pragma once
/// Names with numbers in them, in the order that people count: "step 9" before "step 10".

#include <string_view>

namespace quatrain::base {

/// Runs of digits compare as numbers, all else as characters; names that differ only in leading zeros as
/// characters. A strict order.
bool natural_less(std::string_view left, std::string_view right);

}  // namespace quatrain::base
