#include "emu/data/data_set.hpp"

#include "emu/data/kinds.hpp"
#include "traces/format/checksum.hpp"

#include <algorithm>
#include <cstdlib>

namespace quatrain::emu {
namespace {

constexpr const char* debian_directory =
    "/usr/share/datasets/fashion-mnist";  // package dataset-fashion-mnist

DataSet read_kind(const std::filesystem::path& directory, const DataConfig& config, base::ThreadPool& pool,
                  base::Progress& progress) {
  switch (config.kind) {
    case DataKind::fashion_mnist:
    case DataKind::idx:
      return read_idx_set(directory, config);
    case DataKind::cifar10:
    case DataKind::cifar100:
      return read_cifar(directory, config);
    case DataKind::image_folder:
      break;
  }
  return read_image_folder(directory, config, pool, progress);
}

}  // namespace

NoDataSet missing(const std::filesystem::path& directory, const std::string& what, const DataConfig& config) {
  return NoDataSet("{}: {}; expected {}", directory.string(), what, info_of(config.kind).files);
}

std::size_t kept_images(std::int64_t count, const std::optional<std::int64_t>& limit, std::string_view key,
                        const std::filesystem::path& where) {
  if (limit && *limit > count)
    throw base::Error("{}: {} images; the config asks for {} in /data/{}", where.string(), count, *limit,
                      key);
  return static_cast<std::size_t>(limit.value_or(count));
}

std::string data_sha256(const DataSums& sums) {
  std::string lines;
  for (const DataSum& sum : sums) lines += fmt::format("{}  {}\n", sum.sha256, sum.name);
  return traces::sha256_hex(lines);
}

std::filesystem::path data_directory(const std::optional<std::filesystem::path>& given) {
  if (given) return *given;
  const char* named = std::getenv("QUATRAIN_DATA");
  return named != nullptr && *named != '\0' ? named : debian_directory;
}

DataSet read_data_set(const std::filesystem::path& directory, const DataConfig& config,
                      base::ThreadPool& pool, base::Progress& progress) {
  if (!std::filesystem::is_directory(directory)) throw missing(directory, "no such folder", config);
  DataSet data = read_kind(directory, config, pool, progress);
  std::ranges::sort(data.sums, {}, &DataSum::name);
  return data;
}

}  // namespace quatrain::emu
