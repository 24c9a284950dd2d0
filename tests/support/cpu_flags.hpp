#pragma once
/// What the system says the processor has, to hold against what the code asks the processor itself.

#include <fstream>
#include <sstream>
#include <string>

namespace quatrain::tests {

/// A word of the line "flags" of Linux's /proc/cpuinfo; false on processors that have no such line.
inline bool cpu_has(const std::string& flag) {
  std::ifstream stream("/proc/cpuinfo");
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with("flags")) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;)
      if (word == flag) return true;
    return false;
  }
  return false;
}

}  // namespace quatrain::tests
