#pragma once
/// The ladder: the kernels of the three products, one idea a rung, each in the file of its name. Each is a
/// machine on either platform, "simt.NAME" and "cuda.NAME".

namespace quatrain::kernels {

struct RungFacts {
  const char* name;
  const char* idea;
  bool is_slow;  ///< runs where it is named only
};

inline constexpr RungFacts ladder[] = {
    {"literal", "the table of numerics.md section 6 as it stands, one thread an output", true},
    {"naive", "bounds and divisions outside of the innermost loop", false},
    {"tiled", "int8 tiles in shared memory, a block of outputs a thread, long k over several blocks", false},
    {"octets", "eight codes a word, decoded by byte permutation", false},
    {"mma", "packed tiles, decoded in registers for tensor cores", false},
    {"async", "lowered operands, copied by cp.async beside the products", false},
};

}  // namespace quatrain::kernels
