/// Four IDX files: images and labels of both halves, each plain or with .gz behind.
#include "emu/data/gzip_input.hpp"
#include "emu/data/idx.hpp"
#include "emu/data/kinds.hpp"

#include <string>
#include <utility>

namespace quatrain::emu {
namespace {

using base::Error;

struct Found {
  std::string name;  ///< without .gz
  std::filesystem::path file;
};

Found find(const std::filesystem::path& directory, const std::string& name, const DataConfig& config) {
  const std::filesystem::path file = plain_or_gzip(directory, name);
  if (file.empty()) throw missing(directory, fmt::format("no {} here, plain or with .gz", name), config);
  return {name, file};
}

/// idx3 is [count, height, width], idx4 [count, channels, height, width].
Found find_images(const std::filesystem::path& directory, const std::string& prefix,
                  const DataConfig& config) {
  const std::string four = prefix + "-images-idx4-ubyte";
  if (config.kind == DataKind::idx && !plain_or_gzip(directory, four).empty())
    return {four, plain_or_gzip(directory, four)};
  return find(directory, prefix + "-images-idx3-ubyte", config);
}

void check_sizes(const IdxFile& images, const Found& found, const ImageSize& expected) {
  const bool has_channels = images.sizes.size() == 4;
  const ImageSize size = {has_channels ? images.sizes[1] : 1, images.sizes[images.sizes.size() - 2],
                          images.sizes.back()};
  if (size == expected) return;
  if (!has_channels && expected.channels == 1)
    throw Error("{}: byte 8: images of {}x{}; expected {}x{}", found.file.string(), size.height, size.width,
                expected.height, expected.width);
  throw Error("{}: byte 8: images of {}x{}x{}; expected {}x{}x{}, channels, height and width",
              found.file.string(), size.channels, size.height, size.width, expected.channels, expected.height,
              expected.width);
}

std::unique_ptr<const Images> read_half(const std::filesystem::path& directory, const std::string& prefix,
                                        const DataConfig& config, const std::optional<std::int64_t>& limit,
                                        std::string_view key, DataSums& sums) {
  const Found images_found = find_images(directory, prefix, config);
  const Found labels_found = find(directory, prefix + "-labels-idx1-ubyte", config);
  IdxFile images = read_idx(images_found.file, images_found.name.find("idx4") == std::string::npos ? 3 : 4);
  IdxFile labels = read_idx(labels_found.file, 1);
  check_sizes(images, images_found, config.size);
  if (labels.sizes[0] != images.sizes[0])
    throw Error("{}: byte 4: {} labels; expected {}, as many as {} has images", labels_found.file.string(),
                labels.sizes[0], images.sizes[0], images_found.file.filename().string());
  for (std::size_t i = 0; i < labels.bytes.size(); ++i)
    if (labels.bytes[i] >= config.classes)
      throw Error("{}: byte {}: label {}; expected 0..{}", labels_found.file.string(), 8 + i, labels.bytes[i],
                  config.classes - 1);
  const std::size_t kept = kept_images(images.sizes[0], limit, key, images_found.file);
  images.bytes.resize(kept * static_cast<std::size_t>(config.size.elements()));
  labels.bytes.resize(kept);
  sums.push_back({images_found.name, std::move(images.sha256)});
  sums.push_back({labels_found.name, std::move(labels.sha256)});
  return std::make_unique<ImagesInMemory>(config.size, std::move(images.bytes), std::move(labels.bytes));
}

}  // namespace

DataSet read_idx_set(const std::filesystem::path& directory, const DataConfig& config) {
  DataSet data;
  data.train = read_half(directory, "train", config, config.train_images, "train_images", data.sums);
  data.test = read_half(directory, "t10k", config, config.test_images, "test_images", data.sums);
  return data;
}

}  // namespace quatrain::emu
