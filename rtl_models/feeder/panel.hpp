#pragma once
/// What enters the registers in front of the array's edges (skew.hpp), and who prepares it.

#include "rtl_models/pe/link.hpp"
#include "rtl_models/schedule/tile_schedule.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace quatrain::rtl_models {

struct Panel {
  std::uint32_t lanes = 0;
  std::uint64_t length = 0;  ///< operands of a lane, one per cycle
  std::vector<Link> links;   ///< [operand][lane]

  void reshape(std::uint32_t lane_count, std::uint64_t stream_length) {
    lanes = lane_count;
    length = stream_length;
    links.assign(length * lanes, Link{0});
  }
  void put(std::uint64_t k, std::uint32_t lane, Link link) { links[k * lanes + lane] = link; }
  std::span<const Link> at(std::uint64_t k) const {
    return k < length ? std::span(links).subspan(k * lanes, lanes) : std::span<const Link>();
  }
};

/// Prepares the panels of one tile after the other.
class TileFeeder {
 public:
  virtual ~TileFeeder() = default;
  /// Fills the top with what the PEs will hold. Only where they hold operands.
  virtual void preload(const Tile& tile) = 0;
  /// Fills the left panel with what streams, and where both operands do, the top one too.
  virtual void stream(const Tile& tile) = 0;
  virtual const Panel& left() const = 0;
  virtual const Panel& top() const = 0;
};

}  // namespace quatrain::rtl_models
