#pragma once
/// How work is cut into blocks. No result depends on it: tests run several shapes.

namespace quatrain::kernels {

struct LaunchShape {
  unsigned threads = 256;  ///< of a block; a multiple of 32; the tiled rung's tile decides for itself
  unsigned reduction_blocks = 256;  ///< at most, of a maximum or sum
  unsigned k_parts = 0;  ///< tiled: parts of k that are summed by blocks of their own; 0: as it suits
};

}  // namespace quatrain::kernels
