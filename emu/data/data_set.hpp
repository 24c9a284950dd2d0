#pragma once
/// Images with labels, from a folder of four IDX files (train-images-idx3-ubyte, train-labels-idx1-ubyte and
/// their t10k twins, each plain or with .gz behind).

#include "traces/base/error.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::emu {

/// What the data set word "fashion_mnist" stands for: grey images in ten classes.
inline constexpr std::int64_t image_height = 28, image_width = 28;
inline constexpr std::int64_t class_count = 10;

struct DataConfig {
  std::string set = "fashion_mnist";
  double mean = 0, std = 1;  ///< of a pixel in 0..1; rounded to fp32 before use
  /// The first so many images; all of them when absent ("all" in a config).
  std::optional<std::int64_t> train_images = {}, test_images = {};
};

struct LabelledImages {
  std::vector<std::uint8_t> pixels;  ///< [count, height, width]
  std::vector<std::uint8_t> labels;  ///< below the number of classes
  std::int64_t count() const { return static_cast<std::int64_t>(labels.size()); }
};

/// SHA-256 of each IDX file, uncompressed: `sha256sum` of a plain one, `zcat FILE | sha256sum` of one with
/// .gz.
struct DataSums {
  std::string train_images, train_labels, test_images, test_labels;
  friend bool operator==(const DataSums&, const DataSums&) = default;
};

struct DataFile {
  std::string_view name;
  std::string DataSums::*sum;
};
/// In byte order of the names.
inline constexpr std::array<DataFile, 4> data_files = {
    {{"t10k-images-idx3-ubyte", &DataSums::test_images},
     {"t10k-labels-idx1-ubyte", &DataSums::test_labels},
     {"train-images-idx3-ubyte", &DataSums::train_images},
     {"train-labels-idx1-ubyte", &DataSums::train_labels}}};

/// One sum for all four: the SHA-256 of their lines as `sha256sum` prints them, in the order of data_files.
std::string data_sha256(const DataSums& sums);

struct DataSet {
  LabelledImages train, test;
  DataSums sums = {};
};

/// `given`, or $QUATRAIN_DATA, or the folder of the Debian package dataset-fashion-mnist.
std::filesystem::path data_directory(const std::optional<std::filesystem::path>& given);

/// The folder or one of its four files is not there.
class NoDataSet : public base::Error {
 public:
  using base::Error::Error;
};

/// Reads both halves and keeps the first train_images and test_images. Throws NoDataSet, or Error naming file
/// and byte, also when a config asks for more images than there are.
DataSet read_data_set(const std::filesystem::path& directory, const DataConfig& config);

}  // namespace quatrain::emu
