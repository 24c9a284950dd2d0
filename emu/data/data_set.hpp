#pragma once
/// Images with labels: one small interface, and a file for each kind of data set (docs/training-step.md
/// section 4).

#include "emu/data/image.hpp"
#include "traces/base/error.hpp"
#include "traces/base/parallel_for.hpp"
#include "traces/base/progress.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::emu {

/// fashion_mnist is the IDX set that a config means which names no kind.
enum class DataKind : std::uint8_t { fashion_mnist, idx, cifar10, cifar100, image_folder };
struct DataKindInfo {
  std::string_view word;
  std::string_view files;         ///< what its folder holds, for messages
  std::optional<ImageSize> size;  ///< absent: the config says it
  std::optional<std::int64_t> classes;
  bool may_resize = false;  ///< images have sizes of their own
};
constexpr DataKindInfo info_of(DataKind kind) {
  switch (kind) {
    case DataKind::fashion_mnist:
      return {"fashion_mnist", "the four IDX files of Fashion-MNIST (Debian package dataset-fashion-mnist)",
              ImageSize{1, 28, 28}, 10};
    case DataKind::idx:
      return {"idx",
              "the four IDX files train-images-idxN-ubyte, train-labels-idx1-ubyte and their t10k twins, N 3 "
              "or 4",
              {},
              {}};
    case DataKind::cifar10:
      return {"cifar10",
              "data_batch_1.bin to data_batch_5.bin and test_batch.bin, the binary version of CIFAR-10",
              ImageSize{3, 32, 32}, 10};
    case DataKind::cifar100:
      return {"cifar100", "train.bin and test.bin, the binary version of CIFAR-100", ImageSize{3, 32, 32},
              100};
    case DataKind::image_folder:
      return {"image_folder",
              "the folders train and test, in each a folder of PNG or JPEG images per class",
              {},
              {},
              true};
  }
  return {};
}
constexpr std::string_view name_of(DataKind kind) { return info_of(kind).word; }

/// What is done to a training image before it is used, by draws of its own (section 4).
struct Augmentation {
  std::int64_t shift = 0;  ///< at most so many pixels up, down, left and right
  bool flip = false;       ///< half of the images are mirrored, left to right
  bool crop = false;       ///< image_folder: the place of the window is drawn
  friend bool operator==(const Augmentation&, const Augmentation&) = default;
};

struct DataConfig {
  DataKind kind = DataKind::fashion_mnist;
  ImageSize size = {1, 28, 28};  ///< of an image as the network takes it
  std::int64_t classes = 10;
  /// Of a pixel in 0..1, one for all channels or one for each; rounded to fp32 before use.
  std::vector<double> mean = {0}, std = {1};
  /// The first so many images; all of them when absent ("all" in a config).
  std::optional<std::int64_t> train_images = {}, test_images = {};
  /// image_folder: what the shorter side becomes; absent: images keep their sizes.
  std::optional<std::int64_t> resize = {};
  Augmentation augmentation = {};
};

/// A view of an image's bytes, [channels, height, width].
struct ImageView {
  ImageSize size;
  std::span<const std::uint8_t> bytes;
};

/// One half of a data set. Equal calls give equal bytes, from any thread.
class Images {
 public:
  virtual ~Images() = default;
  virtual std::int64_t count() const = 0;
  virtual std::uint32_t label(std::size_t sample) const = 0;
  /// At least as high and wide as the config's size, with its channels. The view may lie in `memory`. Throws
  /// Error that names the file when it is damaged.
  virtual ImageView image(std::size_t sample, Image& memory) const = 0;
};

/// All images side by side in memory.
class ImagesInMemory final : public Images {
 public:
  ImagesInMemory(ImageSize size, std::vector<std::uint8_t> pixels, std::vector<std::uint8_t> labels)
      : size_(size), pixels_(std::move(pixels)), labels_(std::move(labels)) {}
  std::int64_t count() const override { return static_cast<std::int64_t>(labels_.size()); }
  std::uint32_t label(std::size_t sample) const override { return labels_[sample]; }
  ImageView image(std::size_t sample, Image&) const override {
    const auto elements = static_cast<std::size_t>(size_.elements());
    return {size_, std::span(pixels_).subspan(sample * elements, elements)};
  }

 private:
  ImageSize size_;
  std::vector<std::uint8_t> pixels_;  ///< [count, channels, height, width]
  std::vector<std::uint8_t> labels_;  ///< below the number of classes
};

/// SHA-256 of a file that was read, uncompressed, or of a half of an image folder.
struct DataSum {
  std::string name, sha256;
  friend bool operator==(const DataSum&, const DataSum&) = default;
};
using DataSums = std::vector<DataSum>;  ///< in byte order of the names

/// One sum for all: the SHA-256 of their lines as `sha256sum` prints them.
std::string data_sha256(const DataSums& sums);

struct DataSet {
  std::unique_ptr<const Images> train, test;
  DataSums sums = {};
};

/// `given`, or $QUATRAIN_DATA, or the folder of the Debian package dataset-fashion-mnist.
std::filesystem::path data_directory(const std::optional<std::filesystem::path>& given);

/// The folder or one of its files is not there.
class NoDataSet : public base::Error {
 public:
  using base::Error::Error;
};

/// Reads both halves (of an image folder: its files' names and sums) and keeps the first train_images and
/// test_images. Throws NoDataSet, or Error naming file and byte, also when a config asks for more images than
/// there are.
DataSet read_data_set(const std::filesystem::path& directory, const DataConfig& config,
                      base::ThreadPool& pool, base::Progress& progress);

}  // namespace quatrain::emu
