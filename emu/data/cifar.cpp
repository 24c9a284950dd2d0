/// CIFAR-10 and CIFAR-100, the binary version: records of one or two labels and 3 x 32 x 32 bytes, red,
/// green, blue.
#include "emu/data/gzip_input.hpp"
#include "emu/data/kinds.hpp"

#include <array>
#include <string>
#include <utility>

namespace quatrain::emu {
namespace {

using base::Error;

/// A record's labels: CIFAR-100 has the superclass first, then the class.
struct Layout {
  std::vector<std::string> train, test;
  std::vector<std::int64_t> labels;  ///< how many values each has; the last one is the class
};

Layout layout_of(DataKind kind) {
  if (kind == DataKind::cifar100) return {{"train.bin"}, {"test.bin"}, {20, 100}};
  Layout layout{{}, {"test_batch.bin"}, {10}};
  for (int batch = 1; batch <= 5; ++batch) layout.train.push_back(fmt::format("data_batch_{}.bin", batch));
  return layout;
}

struct Half {
  std::vector<std::uint8_t> pixels, labels;
};

void check_labels(std::span<const std::uint8_t> record, std::size_t place, const Layout& layout,
                  const std::filesystem::path& file) {
  for (std::size_t i = 0; i < layout.labels.size(); ++i)
    if (record[i] >= layout.labels[i])
      throw Error("{}: byte {}: label {}; expected 0..{}", file.string(), place + i, record[i],
                  layout.labels[i] - 1);
}

void read_file(const std::filesystem::path& directory, const std::string& name, const Layout& layout,
               const DataConfig& config, Half& half, DataSums& sums) {
  const std::filesystem::path file = plain_or_gzip(directory, name);
  if (file.empty()) throw missing(directory, fmt::format("no {} here, plain or with .gz", name), config);
  GzipInput input(file);
  std::vector<std::uint8_t> bytes;
  input.read_rest(bytes);
  const std::size_t label_bytes = layout.labels.size();
  const std::size_t record = label_bytes + static_cast<std::size_t>(config.size.elements());
  if (bytes.empty() || bytes.size() % record != 0)
    throw Error("{}: byte {}: the file ends here; expected whole records of {} bytes", file.string(),
                bytes.size(), record);
  for (std::size_t place = 0; place < bytes.size(); place += record) {
    const auto one = std::span<const std::uint8_t>(bytes).subspan(place, record);
    check_labels(one, place, layout, file);
    half.labels.push_back(one[label_bytes - 1]);
    half.pixels.insert(half.pixels.end(), one.begin() + static_cast<std::ptrdiff_t>(label_bytes), one.end());
  }
  sums.push_back({name, input.sha256()});
}

std::unique_ptr<const Images> read_half(const std::filesystem::path& directory,
                                        const std::vector<std::string>& names, const Layout& layout,
                                        const DataConfig& config, const std::optional<std::int64_t>& limit,
                                        std::string_view key, DataSums& sums) {
  Half half;
  for (const std::string& name : names) read_file(directory, name, layout, config, half, sums);
  const std::size_t kept =
      kept_images(static_cast<std::int64_t>(half.labels.size()), limit, key, directory / names.front());
  half.pixels.resize(kept * static_cast<std::size_t>(config.size.elements()));
  half.labels.resize(kept);
  return std::make_unique<ImagesInMemory>(config.size, std::move(half.pixels), std::move(half.labels));
}

}  // namespace

DataSet read_cifar(const std::filesystem::path& directory, const DataConfig& config) {
  const Layout layout = layout_of(config.kind);
  DataSet data;
  data.train =
      read_half(directory, layout.train, layout, config, config.train_images, "train_images", data.sums);
  data.test = read_half(directory, layout.test, layout, config, config.test_images, "test_images", data.sums);
  return data;
}

}  // namespace quatrain::emu
