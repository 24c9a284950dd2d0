#pragma once
/// The kinds of data sets; data_set.cpp chooses. The folder exists.

#include "emu/data/data_set.hpp"

namespace quatrain::emu {

DataSet read_idx_set(const std::filesystem::path& directory, const DataConfig& config);
/// cifar10 and cifar100.
DataSet read_cifar(const std::filesystem::path& directory, const DataConfig& config);
DataSet read_image_folder(const std::filesystem::path& directory, const DataConfig& config,
                          base::ThreadPool& pool, base::Progress& progress);

/// "DIRECTORY: no NAME here...; expected ...".
NoDataSet missing(const std::filesystem::path& directory, const std::string& what, const DataConfig& config);

/// How many of `count` images are kept. Throws Error where the config asks for more; `key`: train_images or
/// test_images, `where`: what has them.
std::size_t kept_images(std::int64_t count, const std::optional<std::int64_t>& limit, std::string_view key,
                        const std::filesystem::path& where);

}  // namespace quatrain::emu
