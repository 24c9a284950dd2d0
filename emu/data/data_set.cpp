#include "emu/data/data_set.hpp"

#include "emu/data/idx.hpp"
#include "traces/base/error.hpp"
#include "traces/format/checksum.hpp"

#include <algorithm>
#include <cstdlib>

namespace quatrain::emu {
namespace {

using base::Error;

constexpr const char* debian_directory =
    "/usr/share/datasets/fashion-mnist";  // package dataset-fashion-mnist

std::filesystem::path find_file(const std::filesystem::path& directory, const std::string& name) {
  for (const std::string& found : {name, name + ".gz"})
    if (std::filesystem::exists(directory / found)) return directory / found;
  throw NoDataSet(
      "{}: no {} here, plain or with .gz; expected the four IDX files of Fashion-MNIST (Debian package "
      "dataset-fashion-mnist)",
      directory.string(), name);
}

/// A half of the data set, and the sums of its two files.
struct Half {
  LabelledImages kept;
  std::string images_sha256, labels_sha256;
};

Half read_half(const std::filesystem::path& directory, const std::string& prefix,
               const std::optional<std::int64_t>& limit, std::string_view key) {
  const std::filesystem::path images_file = find_file(directory, prefix + "-images-idx3-ubyte");
  const std::filesystem::path labels_file = find_file(directory, prefix + "-labels-idx1-ubyte");
  IdxFile images = read_idx(images_file, 3);
  IdxFile labels = read_idx(labels_file, 1);
  if (images.sizes[1] != image_height || images.sizes[2] != image_width)
    throw Error("{}: byte 8: images of {}x{}; expected {}x{}", images_file.string(), images.sizes[1],
                images.sizes[2], image_height, image_width);
  if (labels.sizes[0] != images.sizes[0])
    throw Error("{}: byte 4: {} labels; expected {}, as many as {} has images", labels_file.string(),
                labels.sizes[0], images.sizes[0], images_file.filename().string());
  for (std::size_t i = 0; i < labels.bytes.size(); ++i)
    if (labels.bytes[i] >= class_count)
      throw Error("{}: byte {}: label {}; expected 0..{}", labels_file.string(), 8 + i, labels.bytes[i],
                  class_count - 1);
  const std::int64_t count = images.sizes[0];
  if (limit && *limit > count)
    throw Error("{}: {} images; the config asks for {} in /data/{}", images_file.string(), count, *limit,
                key);
  const auto kept = static_cast<std::size_t>(limit.value_or(count));
  images.bytes.resize(kept * static_cast<std::size_t>(image_height * image_width));
  labels.bytes.resize(kept);
  return {
      {std::move(images.bytes), std::move(labels.bytes)}, std::move(images.sha256), std::move(labels.sha256)};
}

}  // namespace

std::string data_sha256(const DataSums& sums) {
  std::string lines;
  for (const DataFile& file : data_files) lines += fmt::format("{}  {}\n", sums.*file.sum, file.name);
  return traces::sha256_hex(lines);
}

std::filesystem::path data_directory(const std::optional<std::filesystem::path>& given) {
  if (given) return *given;
  const char* named = std::getenv("QUATRAIN_DATA");
  return named != nullptr && *named != '\0' ? named : debian_directory;
}

DataSet read_data_set(const std::filesystem::path& directory, const DataConfig& config) {
  if (!std::filesystem::is_directory(directory))
    throw NoDataSet(
        "{}: no such folder; expected the four IDX files of Fashion-MNIST (Debian package "
        "dataset-fashion-mnist)",
        directory.string());
  Half train = read_half(directory, "train", config.train_images, "train_images");
  Half test = read_half(directory, "t10k", config.test_images, "test_images");
  return {.train = std::move(train.kept),
          .test = std::move(test.kept),
          .sums = {.train_images = train.images_sha256,
                   .train_labels = train.labels_sha256,
                   .test_images = test.images_sha256,
                   .test_labels = test.labels_sha256}};
}

}  // namespace quatrain::emu
