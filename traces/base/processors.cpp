#include "traces/base/processors.hpp"

#include <algorithm>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <string>
#include <thread>

namespace quatrain::base {
namespace {

namespace fs = std::filesystem;

/// quota / period, rounded up. A quota that is no positive number ("max", -1) is none.
std::optional<unsigned> processors_of(const std::string& quota_text, const std::string& period_text) {
  std::istringstream quota_stream(quota_text), period_stream(period_text);
  std::int64_t quota = 0, period = 0;
  if (!(quota_stream >> quota) || !(period_stream >> period) || quota <= 0 || period <= 0)
    return std::nullopt;
  return static_cast<unsigned>(std::min<std::int64_t>((quota - 1) / period + 1, 1 << 16));
}

std::string first_line(const fs::path& file) {
  std::ifstream input(file);
  std::string line;
  std::getline(input, line);
  return line;
}

std::optional<unsigned> limit_of(const fs::path& group, bool is_version_2) {
  if (!is_version_2)
    return processors_of(first_line(group / "cpu.cfs_quota_us"), first_line(group / "cpu.cfs_period_us"));
  std::istringstream words(first_line(group / "cpu.max"));
  std::string quota, period;
  words >> quota >> period;
  return processors_of(quota, period);
}

void take_smaller(std::optional<unsigned>& least, std::optional<unsigned> other) {
  if (other && (!least || *other < *least)) least = other;
}

bool has_cpu_controller(const std::string& controllers) {
  return ("," + controllers + ",").find(",cpu,") != std::string::npos;
}

unsigned usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
    return static_cast<unsigned>(CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

std::optional<unsigned> granted_processors(std::string_view groups, const fs::path& root) {
  std::optional<unsigned> least;
  std::istringstream lines{std::string(groups)};
  for (std::string line; std::getline(lines, line);) {  // number:controllers:/path
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool is_version_2 = controllers.empty();
    if (!is_version_2 && !has_cpu_controller(controllers)) continue;
    const fs::path top = is_version_2 ? root : root / "cpu";
    // Inside a container the path may be one of the host's, which is not mounted: then only the top has
    // files.
    for (fs::path group = fs::path(line.substr(second + 1)).relative_path();; group = group.parent_path()) {
      take_smaller(least, limit_of(top / group, is_version_2));
      if (group.empty()) break;
    }
  }
  return least;
}

unsigned default_thread_count() {
  std::ifstream input("/proc/self/cgroup");
  std::ostringstream groups;
  groups << input.rdbuf();
  const unsigned usable = usable_processors();
  return std::min(usable, granted_processors(groups.str(), "/sys/fs/cgroup").value_or(usable));
}

}  // namespace quatrain::base
