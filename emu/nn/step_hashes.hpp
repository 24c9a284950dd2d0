#pragma once
/// hashes.csv of a run: after a step, a hash of each tensor of the state, so that two runs can be compared
/// step by step without their checkpoints (docs/guides/training.md, "Two runs that should be one").

#include "emu/nn/layer.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace quatrain::emu {

struct HashRow {
  std::int64_t step = 0;
  std::vector<std::uint32_t> hashes;  ///< one per tensor, of the state after the step's update
  friend bool operator==(const HashRow&, const HashRow&) = default;
};

struct HashTable {
  std::vector<std::string> tensors;  ///< the columns behind `step`; none: nothing was hashed
  std::vector<HashRow> rows;         ///< in the order of the steps
};

/// Names of parameters and other states, in the network's order.
std::vector<std::string> hashed_tensors(std::span<const LayerState> layers);

/// One hash for each of them. It is made for speed and finds accidents, not forgers: the bytes are cut into
/// pieces of 65536 (the last may be shorter), a parameter's value first and then its momentum; the hash is
/// the CRC32C of the pieces' CRC32C words, little-endian.
std::vector<std::uint32_t> hash_tensors(std::span<const LayerState> layers, base::ThreadPool& pool);

/// Of a run directory without the table: an empty one. Throws Error with file and line when it is not as
/// written here.
HashTable read_hashes(const std::filesystem::path& directory);
void write_hashes(const std::filesystem::path& directory, const HashTable& table);

}  // namespace quatrain::emu
