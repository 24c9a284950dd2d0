#include "emu/data/data_set.hpp"

#include "tests/emu/data/read_set.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/synthetic_images.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace quatrain::emu {
namespace {

using tests::idx_bytes;
using tests::message_of;

class DataSetFolder : public testing::Test {
 protected:
  void SetUp() override { tests::write_synthetic_images(directory_, 5, 3); }

  std::string complaint(const DataConfig& config = {}) const {
    return message_of([&] { tests::read_set(directory_, config); });
  }
  std::string in(const std::string& name) const { return (directory_ / name).string(); }

  tests::Folder folder_;
  std::filesystem::path directory_ = folder_.path();
};

constexpr const char* advice =
    "expected the four IDX files of Fashion-MNIST (Debian package dataset-fashion-mnist)";

TEST_F(DataSetFolder, ReadsBothHalves) {
  const DataSet data = tests::read_set(directory_, {});
  EXPECT_EQ(data.train->count(), 5);
  EXPECT_EQ(data.test->count(), 3);
  Image memory;
  EXPECT_EQ(data.test->image(2, memory).size, (ImageSize{1, 28, 28}));
}

TEST_F(DataSetFolder, KeepsTheFirstImages) {
  const DataSet all = tests::read_set(directory_, {});
  const DataSet some = tests::read_set(directory_, {.train_images = 2, .test_images = 3});
  EXPECT_EQ(some.train->count(), 2);
  EXPECT_EQ(some.test->count(), 3);
  Image memory;
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_EQ(some.train->label(i), all.train->label(i));
    const auto kept = some.train->image(i, memory).bytes, whole = all.train->image(i, memory).bytes;
    EXPECT_TRUE(std::equal(kept.begin(), kept.end(), whole.begin(), whole.end()));
  }
}

TEST_F(DataSetFolder, AbsentFolder) {
  std::filesystem::remove_all(directory_);
  EXPECT_EQ(complaint(), directory_.string() + ": no such folder; " + advice);
}

TEST_F(DataSetFolder, AbsentFile) {
  std::filesystem::remove(directory_ / "t10k-labels-idx1-ubyte");
  EXPECT_EQ(complaint(),
            directory_.string() + ": no t10k-labels-idx1-ubyte here, plain or with .gz; " + advice);
}

TEST_F(DataSetFolder, TooFewAndTooManyLabels) {
  for (const std::uint32_t count : {4U, 6U}) {
    base::write_whole_file(directory_ / "train-labels-idx1-ubyte",
                           idx_bytes({count}, std::string(count, '\1')));
    EXPECT_EQ(complaint(), in("train-labels-idx1-ubyte") + ": byte 4: " + std::to_string(count) +
                               " labels; expected 5, as many as train-images-idx3-ubyte has images");
  }
}

TEST_F(DataSetFolder, LabelOutOfRange) {
  base::write_whole_file(directory_ / "t10k-labels-idx1-ubyte", idx_bytes({3}, {0, 9, 10}));
  EXPECT_EQ(complaint(), in("t10k-labels-idx1-ubyte") + ": byte 10: label 10; expected 0..9");
}

TEST_F(DataSetFolder, ImagesOfAnotherSize) {
  base::write_whole_file(directory_ / "train-images-idx3-ubyte",
                         idx_bytes({5, 28, 27}, std::string(5 * 28 * 27, 'x')));
  EXPECT_EQ(complaint(), in("train-images-idx3-ubyte") + ": byte 8: images of 28x27; expected 28x28");
}

TEST_F(DataSetFolder, FewerImagesThanAskedFor) {
  EXPECT_EQ(complaint({.train_images = 6}),
            in("train-images-idx3-ubyte") + ": 5 images; the config asks for 6 in /data/train_images");
  EXPECT_EQ(complaint({.test_images = 4}),
            in("t10k-images-idx3-ubyte") + ": 3 images; the config asks for 4 in /data/test_images");
}

TEST(DataDirectory, OptionThenVariableThenPackage) {
  ::setenv("QUATRAIN_DATA", "/from/variable", 1);
  EXPECT_EQ(data_directory("/from/option"), "/from/option");
  EXPECT_EQ(data_directory(std::nullopt), "/from/variable");
  ::setenv("QUATRAIN_DATA", "", 1);
  EXPECT_EQ(data_directory(std::nullopt), "/usr/share/datasets/fashion-mnist");
  ::unsetenv("QUATRAIN_DATA");
  EXPECT_EQ(data_directory(std::nullopt), "/usr/share/datasets/fashion-mnist");
}

}  // namespace
}  // namespace quatrain::emu
