#include "sim/report/numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace quatrain::sim::report {

std::string grouped(std::uint64_t number) {
  const std::string digits = fmt::format("{}", number);
  std::string text;
  for (std::size_t place = 0; place < digits.size(); ++place) {
    if (place > 0 && (digits.size() - place) % 3 == 0) text += ',';
    text += digits[place];
  }
  return text;
}

std::string significant(double number, int digits) {
  if (!std::isfinite(number)) return fmt::format("{}", number);
  const int magnitude = number == 0 ? 0 : static_cast<int>(std::floor(std::log10(std::fabs(number))));
  const int decimals = digits - 1 - magnitude;
  if (decimals > 0) return fmt::format("{:.{}f}", number, std::min(decimals, 12));
  return fmt::format("{}{}", number < 0 ? "-" : "",
                     grouped(static_cast<std::uint64_t>(std::llround(std::fabs(number)))));
}

std::string percent(double share, int decimals) { return fmt::format("{:.{}f} %", 100 * share, decimals); }

std::string microjoules(double picojoules) { return significant(picojoules * 1e-6); }

}  // namespace quatrain::sim::report
