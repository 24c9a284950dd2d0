#pragma once
/// A folder of its own for each object, empty at the beginning and removed at the end. No other test and no other run of
/// the tests on this computer has the same one.

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>

namespace quatrain::tests {

class Folder {
 public:
  Folder() {
    const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string("quatrain_") + test.test_suite_name() + "_" + test.name() + "_XXXXXX";
    std::replace(name.begin(), name.end(), '/', '_');  // parametrized tests
    std::string made = (std::filesystem::temp_directory_path() / name).string();
    if (mkdtemp(made.data()) == nullptr) throw std::system_error(errno, std::generic_category(), made);
    path_ = made;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Everything below `directory`, as relative paths.
inline std::set<std::string> contents(const std::filesystem::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    names.insert(entry.path().lexically_relative(directory).string());
  return names;
}

}  // namespace quatrain::tests
