#pragma once
/// A data set as a test reads it: one thread, no progress.

#include "emu/data/data_set.hpp"

namespace quatrain::tests {

inline emu::DataSet read_set(const std::filesystem::path& directory, const emu::DataConfig& config) {
  base::ThreadPool pool(1);
  base::SilentProgress progress;
  return emu::read_data_set(directory, config, pool, progress);
}

}  // namespace quatrain::tests
