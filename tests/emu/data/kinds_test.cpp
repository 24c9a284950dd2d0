/// IDX sets of any size, CIFAR and image folders, on small sets that the tests write.
#include "emu/data/batches.hpp"
#include "tests/emu/data/read_set.hpp"
#include "tests/emu/data/written_images.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/synthetic_images.hpp"
#include "traces/format/checksum.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::emu {
namespace {

using base::write_whole_file;
using testing::ElementsAre;
using tests::idx_bytes;
using tests::message_of;
using tests::read_set;

std::vector<std::uint32_t> labels_of(const Images& images) {
  std::vector<std::uint32_t> labels;
  for (std::int64_t i = 0; i < images.count(); ++i)
    labels.push_back(images.label(static_cast<std::size_t>(i)));
  return labels;
}

std::vector<std::uint8_t> bytes_of(const Images& images, std::size_t sample) {
  Image memory;
  const ImageView view = images.image(sample, memory);
  return {view.bytes.begin(), view.bytes.end()};
}

std::string ascending(std::size_t count, int first = 0) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(first + static_cast<int>(i));
  return bytes;
}

class SmallSets : public testing::Test {
 protected:
  std::string complaint(const DataConfig& config) const {
    return message_of([&] { read_set(folder_.path(), config); });
  }
  void write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    write_whole_file(folder_ / name, bytes);
  }
  std::string in(const std::string& name) const { return (folder_ / name).string(); }

  tests::Folder folder_;
};

// ---- idx

class IdxSets : public SmallSets {
 protected:
  void SetUp() override {
    write("train-images-idx4-ubyte", idx_bytes({2, 3, 2, 4}, ascending(48)));
    write("train-labels-idx1-ubyte", idx_bytes({2}, {1, 6}));
    write("t10k-images-idx4-ubyte", idx_bytes({1, 3, 2, 4}, ascending(24, 100)));
    write("t10k-labels-idx1-ubyte", idx_bytes({1}, {2}));
  }
  DataConfig config_{.kind = DataKind::idx, .size = {3, 2, 4}, .classes = 7};
};

TEST_F(IdxSets, ChannelsComeFromTheFourthDimension) {
  const DataSet data = read_set(folder_.path(), config_);
  EXPECT_THAT(labels_of(*data.train), ElementsAre(1, 6));
  EXPECT_EQ(bytes_of(*data.train, 1).front(), 24);
  EXPECT_EQ(bytes_of(*data.test, 0).back(), 123);
  ASSERT_EQ(data.sums.size(), 4U);
  EXPECT_EQ(data.sums[2].name, "train-images-idx4-ubyte");
  EXPECT_EQ(data.sums[2].sha256, traces::sha256_of_file(folder_ / "train-images-idx4-ubyte"));
}

TEST_F(IdxSets, OtherSizesAndLabelsAreRefused) {
  config_.size = {1, 2, 4};
  EXPECT_EQ(complaint(config_), in("train-images-idx4-ubyte") +
                                    ": byte 8: images of 3x2x4; expected 1x2x4, channels, height and width");
  config_.size = {3, 2, 4};
  config_.classes = 6;
  EXPECT_EQ(complaint(config_), in("train-labels-idx1-ubyte") + ": byte 9: label 6; expected 0..5");
}

// ---- cifar

std::string cifar_record(std::string labels, int first) {
  std::string bytes = std::move(labels);
  for (int i = 0; i < 3072; ++i) bytes += static_cast<char>(first + i % 7);
  return bytes;
}

TEST_F(SmallSets, Cifar10) {
  for (int batch = 1; batch <= 5; ++batch)
    write(fmt::format("data_batch_{}.bin", batch),
          cifar_record({static_cast<char>(batch)}, 10 * batch) + cifar_record({'\0'}, 9));
  write("test_batch.bin", cifar_record({'\x09'}, 200));
  DataConfig config{.kind = DataKind::cifar10, .size = {3, 32, 32}, .classes = 10};
  const DataSet data = read_set(folder_.path(), config);
  EXPECT_THAT(labels_of(*data.train), ElementsAre(1, 0, 2, 0, 3, 0, 4, 0, 5, 0));
  EXPECT_THAT(labels_of(*data.test), ElementsAre(9));
  EXPECT_EQ(bytes_of(*data.train, 4)[1], 31);
  EXPECT_EQ(bytes_of(*data.train, 4).size(), 3072U);
  ASSERT_EQ(data.sums.size(), 6U);
  EXPECT_EQ(data.sums[0],
            (DataSum{"data_batch_1.bin", traces::sha256_of_file(folder_ / "data_batch_1.bin")}));
  config.train_images = 3;
  EXPECT_THAT(labels_of(*read_set(folder_.path(), config).train), ElementsAre(1, 0, 2));
  config.train_images = 11;
  EXPECT_EQ(complaint(config),
            in("data_batch_1.bin") + ": 10 images; the config asks for 11 in /data/train_images");
  config.train_images = {};
  write("data_batch_4.bin", cifar_record({'\x0a'}, 0));
  EXPECT_EQ(complaint(config), in("data_batch_4.bin") + ": byte 0: label 10; expected 0..9");
  write("data_batch_4.bin", cifar_record({'\1'}, 0).substr(0, 3000));
  EXPECT_EQ(complaint(config),
            in("data_batch_4.bin") + ": byte 3000: the file ends here; expected whole records of 3073 bytes");
  write("data_batch_4.bin", "");
  EXPECT_EQ(complaint(config),
            in("data_batch_4.bin") + ": byte 0: the file ends here; expected whole records of 3073 bytes");
  std::filesystem::remove(folder_ / "data_batch_4.bin");
  EXPECT_EQ(complaint(config),
            folder_.path().string() +
                ": no data_batch_4.bin here, plain or with .gz; expected data_batch_1.bin to "
                "data_batch_5.bin and test_batch.bin, the binary version of CIFAR-10");
}

TEST_F(SmallSets, Cifar100TakesTheFineLabel) {
  write("train.bin", cifar_record({'\x13', '\x63'}, 0) + cifar_record({'\x02', '\x07'}, 1));
  write("test.bin", cifar_record({'\0', '\x01'}, 2));
  const DataConfig config{.kind = DataKind::cifar100, .size = {3, 32, 32}, .classes = 100};
  const DataSet data = read_set(folder_.path(), config);
  EXPECT_THAT(labels_of(*data.train), ElementsAre(99, 7));
  EXPECT_EQ(bytes_of(*data.train, 1).front(), 1);
  write("train.bin", cifar_record({'\x14', '\x63'}, 0));
  EXPECT_EQ(complaint(config), in("train.bin") + ": byte 0: label 20; expected 0..19");
  write("train.bin", cifar_record({'\x13', '\x64'}, 0));
  EXPECT_EQ(complaint(config), in("train.bin") + ": byte 1: label 100; expected 0..99");
}

// ---- image_folder

class ImageFolders : public SmallSets {
 protected:
  void SetUp() override {
    write("train/cat/b.png", tests::png_bytes(grey(4, 4, 20), {}));
    write("train/cat/a.PNG", tests::png_bytes(grey(5, 4, 10), {}));
    write("train/cat/.hidden", "not an image");
    write("train/Zebra/z.jpeg", tests::jpeg_bytes(grey(4, 4, 128), 95));
    write("train/cat/c.png", tests::png_bytes(grey(4, 6, 30), {}));
    write("test/cat/t.png", tests::png_bytes(grey(4, 4, 40), {}));
    write("test/Zebra/t.png", tests::png_bytes(grey(4, 4, 50), {}));
    write("test/Zebra/u.png", tests::png_bytes(grey(4, 4, 60), {}));
  }
  /// Pixels first, first + 1, ... along each row, equal in all rows.
  static Image grey(std::int64_t height, std::int64_t width, int first) {
    Image image{{1, height, width}, {}};
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x)
        image.bytes.push_back(static_cast<std::uint8_t>(first == 128 ? 128 : first + x));
    return image;
  }
  DataConfig config_{.kind = DataKind::image_folder, .size = {1, 4, 4}, .classes = 2};
};

TEST_F(ImageFolders, ClassesAndImagesAreInByteOrderTheFirstOfEachBefore) {
  const DataSet data = read_set(folder_.path(), config_);
  EXPECT_THAT(labels_of(*data.train), ElementsAre(0, 1, 1, 1));
  EXPECT_EQ(bytes_of(*data.train, 0), std::vector<std::uint8_t>(16, 128));
  EXPECT_EQ(bytes_of(*data.train, 1).front(), 10);
  EXPECT_EQ(bytes_of(*data.train, 2).front(), 20);
  EXPECT_EQ(bytes_of(*data.train, 3).front(), 30);
  EXPECT_THAT(labels_of(*data.test), ElementsAre(0, 1, 0));
  config_.train_images = 2;
  EXPECT_THAT(labels_of(*read_set(folder_.path(), config_).train), ElementsAre(0, 1));
}

TEST_F(ImageFolders, SumsAreThoseOfSha256sum) {
  const DataSet data = read_set(folder_.path(), config_);
  std::string lines;
  for (const char* name : {"Zebra/z.jpeg", "cat/a.PNG", "cat/b.png", "cat/c.png"})
    lines += traces::sha256_of_file(folder_ / "train" / name) + "  " + name + "\n";
  ASSERT_EQ(data.sums.size(), 2U);
  EXPECT_EQ(data.sums[0].name, "test");
  EXPECT_EQ(data.sums[1], (DataSum{"train", traces::sha256_hex(lines)}));
}

TEST_F(ImageFolders, TheWindowIsInTheMiddle) {
  config_.mean = {0}, config_.std = {1};
  const DataSet data = read_set(folder_.path(), config_);
  const BatchMaker batches(*data.train, config_);
  std::vector<float> pixels(16);
  std::vector<std::uint32_t> labels(1);
  base::ThreadPool pool(1);
  batches.make(std::vector<std::uint32_t>{3}, std::nullopt, pixels, labels, pool);
  EXPECT_EQ(pixels[0], 31 / 255.0F);  // 6 columns, 4 of them from the second on
  EXPECT_EQ(labels[0], 1U);
}

TEST_F(ImageFolders, ResizeAndChannels) {
  config_.size = {3, 2, 2};
  config_.resize = 2;
  const DataSet data = read_set(folder_.path(), config_);
  Image memory;
  EXPECT_EQ(data.train->image(3, memory).size, (ImageSize{3, 2, 3}));
  EXPECT_EQ(memory.bytes, with_channels(resized(grey(4, 6, 30), 2, 3), 3).bytes);
}

TEST_F(ImageFolders, WhatIsWrongIsNamed) {
  config_.size = {1, 4, 5};
  const DataSet data = read_set(folder_.path(), config_);
  EXPECT_EQ(message_of([&] { bytes_of(*data.train, 1); }),
            in("train/cat/a.PNG") + ": image of 5x4; expected at least 4x5, or /data/resize in the config");
  config_.classes = 3;
  EXPECT_EQ(complaint(config_), in("train") + ": 2 classes; expected 3, the config's /data/classes");
  config_.classes = 2;
  write("train/cat/notes.txt", "hello");
  EXPECT_EQ(complaint(config_), in("train/cat/notes.txt") + ": expected an image, .png, .jpg or .jpeg");
  std::filesystem::remove(folder_ / "train/cat/notes.txt");
  write("train/cat/b.png", "no image");
  const DataSet damaged = read_set(folder_.path(), config_);
  EXPECT_THAT(message_of([&] { bytes_of(*damaged.train, 2); }),
              testing::StartsWith(in("train/cat/b.png") + ": is no whole PNG image: "));
  std::filesystem::remove(folder_ / "train/Zebra/z.jpeg");
  EXPECT_EQ(complaint(config_), in("train/Zebra") + ": no image is here");
  std::filesystem::rename(folder_ / "test/cat", folder_ / "test/dog");
  EXPECT_EQ(complaint(config_),
            in("test") + ": its classes are Zebra, dog; expected Zebra, cat, as " + in("train") + " has");
  std::filesystem::remove_all(folder_ / "test");
  EXPECT_EQ(complaint(config_),
            in("test") +
                ": no such folder; expected the folders train and test, in each a folder of PNG or "
                "JPEG images per class");
}

}  // namespace
}  // namespace quatrain::emu
