#pragma once
/// Numbers as people read them.

#include <cstdint>
#include <string>

namespace quatrain::sim::report {

std::string grouped(std::uint64_t number);               ///< 1,234,567
std::string significant(double number, int digits = 4);  ///< 0.01235, 12.35, 12,346; no exponent
std::string percent(double share, int decimals = 1);     ///< 0.123 is "12.3 %"
std::string microjoules(double picojoules);              ///< the number alone

}  // namespace quatrain::sim::report
