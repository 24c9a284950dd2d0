/// One change at every byte of a small trace and of our sample trace. As it is, every change must be refused.
/// With SHA256SUMS recomputed a change may be legal, but only inside the values of `free_values`: names,
/// notes, and what only `verify` can recompute. Everything else of a manifest stands twice (ids, shapes, m n
/// k, checksums) or is fixed (keys, words, syntax), and every byte of a data file is held by the manifest or
/// by a CRC32C in it.
#include "tests/support/folder.hpp"
#include "tests/traces/format/small_trace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

namespace {

using namespace quatrain::tests;

/// The first group of each is a value in which the small trace's check must accept some change.
const std::vector<std::string> free_values = {
    R"re("producer": \{"name": "([^"]*)")re",
    R"re("producer": \{[^}]*"version": "([^"]*)")re",
    R"re("model": "([^"]*)")re",
    R"re("seed": ([0-9]+))re",
    R"re("config_sha256": "([0-9a-f]*)")re",
    R"re("note": "([^"]*)")re",
    R"re("id": [0-9]+, "name": "([^"]*)")re",  // of a layer: records refer to its id
    R"re("stride": (\[[0-9]+, [0-9]+\]))re",   // where another stride gives the same sizes
    R"re("rule": "sawb_[^}]*"max": "([0-9a-f]+)")re",
    R"re("exponent": ([0-9]+))re",
    R"re("count": "([0-9]+)")re",
    R"re("sum1": "([0-9]+)")re",
    R"re("sum2": "([0-9]+)")re",
    R"re("clip": "([0-9a-f]+)")re",
    R"re("clip": "[0-9a-f]+", "scale": "([0-9a-f]+)")re",
    R"re("rule": "nearest_fp4"[^}]*"scale": "([0-9a-f]+)")re",  // of one sample; several hold each other's
    R"re("result_shape": [^"]*"scale": "([0-9a-f]+)")re",
    R"re("accumulators": null, "accumulators_crc32c": "([0-9a-f]+)")re",
    R"re("output": null, "output_crc32c": "([0-9a-f]+)")re",
};
constexpr std::size_t no_value = SIZE_MAX;

/// For each byte of the manifest, which of `free_values` it lies in.
std::vector<std::size_t> free_value_of_byte(const std::string& manifest) {
  std::vector<std::size_t> value_of(manifest.size(), no_value);
  for (std::size_t value = 0; value < free_values.size(); ++value) {
    const std::regex pattern(free_values[value]);
    for (std::sregex_iterator match(manifest.begin(), manifest.end(), pattern), end; match != end; ++match)
      std::fill_n(value_of.begin() + match->position(1), match->length(1), value);
  }
  return value_of;
}

/// A trace in a folder of the test, of which one byte at a time is changed.
class ChangedBytes : public testing::Test {
 protected:
  /// use(name, byte) for every byte of every file, with that byte changed on disk and in `trace_`.
  template <typename Use>
  void for_each_change(char change, Use&& use) {
    trace_ = TraceBytes::read(folder_);
    const TraceBytes original = trace_;
    for (const auto& [name, bytes] : original.files()) {
      std::fstream file(folder_ / name, std::ios::in | std::ios::out | std::ios::binary);
      const auto put = [&, &name = name](std::size_t byte, char value) {
        trace_[name][byte] = value;
        file.seekp(static_cast<std::streamoff>(byte)).put(value).flush();
        ASSERT_TRUE(file.good());
      };
      for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
        put(byte, static_cast<char>(bytes[byte] ^ change));
        use(name, byte);
        put(byte, bytes[byte]);
      }
      trace_ = original;
      trace_.write_one(folder_, "SHA256SUMS");
      ASSERT_EQ(check_message(folder_), "ok");
    }
  }

  /// Returns the number of changes.
  std::size_t expect_refused(char change) {
    std::size_t count = 0;
    for_each_change(change, [&](const std::string& name, std::size_t byte) {
      ASSERT_EQ(check_message(folder_).substr(0, 1), "T") << name << " byte " << byte;
      ++count;
    });
    return count;
  }

  /// How often a change was accepted in each of `free_values`; anywhere else is a failure. Of the bytes of a
  /// file every `every`-th is changed.
  template <typename Accepts>
  std::vector<std::size_t> count_accepted(char change, Accepts&& accepts, std::size_t every = 1) {
    const std::vector<std::size_t> value_of = free_value_of_byte(TraceBytes::read(folder_)["manifest.json"]);
    std::vector<std::size_t> accepted(free_values.size());
    for_each_change(change, [&](const std::string& name, std::size_t byte) {
      if (name == "SHA256SUMS" || byte % every != 0) return;
      trace_.update_sum(name);
      trace_.write_one(folder_, "SHA256SUMS");
      if (!accepts()) return;
      ASSERT_EQ(name, "manifest.json") << "byte " << byte;
      ASSERT_NE(value_of[byte], no_value) << "byte " << byte << ": " << trace_[name].substr(byte - 20, 40);
      ++accepted[value_of[byte]];
    });
    return accepted;
  }

  Folder scratch_;
  std::filesystem::path folder_ = scratch_ / "trace";
  TraceBytes trace_;
};

TEST_F(ChangedBytes, OfTheSmallTraceAreRefused) {
  write_small_trace(folder_);
  EXPECT_GT(expect_refused(1), 9000U);
}

TEST_F(ChangedBytes, OfTheSmallTraceWithNewSumsAreLegalOnlyInFreeValues) {
  write_small_trace(folder_);
  const auto accepts = [&] {  // the reader agrees with the check
    const bool is_accepted = check_message(folder_) == "ok";
    EXPECT_EQ(read_message(folder_) == "ok", is_accepted);
    return is_accepted;
  };
  const std::vector<std::size_t> first = count_accepted(1, accepts),
                                 second = count_accepted(2, accepts);  // turn most digits into others
  for (std::size_t value = 0; value < first.size(); ++value)
    EXPECT_GT(first[value] + second[value], 0U) << free_values[value];
}

const std::filesystem::path sample = std::filesystem::path(QUATRAIN_SOURCE_DIR) / "tests/data/sample_trace";

TEST_F(ChangedBytes, OfTheSampleTraceAreRefused) {
  std::filesystem::copy(sample, folder_);
  EXPECT_GT(expect_refused(1), 40000U);
}

TEST_F(ChangedBytes, OfTheSampleTraceWithNewSumsAreLegalOnlyInFreeValues) {
  std::filesystem::copy(sample, folder_);
  constexpr std::size_t every = 7;  // time counts here; the small trace has all of its bytes changed
  const std::vector<std::size_t> accepted = count_accepted(
      1, [&] { return check_message(folder_) == "ok"; }, every);
  EXPECT_GT(std::count_if(accepted.begin(), accepted.end(), [](std::size_t count) { return count > 0; }), 10);
}

}  // namespace
