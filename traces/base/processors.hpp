#pragma once
/// How many threads work at once here: the processors that this process may use, or fewer where a Linux
/// control group (a container's CPU quota) grants less time than they have.

#include <filesystem>
#include <optional>
#include <string_view>

namespace quatrain::base {

/// At least 1.
unsigned default_thread_count();

/// Processors' worth of time that the control group grants, rounded up; nothing where it sets no limit.
/// `groups`: the text of /proc/self/cgroup. `root`: where the groups are mounted, /sys/fs/cgroup. Versions 1
/// and 2; the smallest limit from the group up to the root counts.
std::optional<unsigned> granted_processors(std::string_view groups, const std::filesystem::path& root);

}  // namespace quatrain::base
