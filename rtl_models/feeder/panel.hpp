#pragma once
/// What enters the registers in front of the array's edges (skew.hpp), and who prepares it: links of codes
/// (Link), or of floating-point operands (WideLink).

#include "rtl_models/pe/link.hpp"
#include "rtl_models/schedule/tile_schedule.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace quatrain::rtl_models {

template <typename Word>
struct PanelOf {
  std::uint32_t lanes = 0;
  std::uint64_t length = 0;  ///< operands of a lane, one per cycle
  std::vector<Word> links;   ///< [operand][lane]

  void reshape(std::uint32_t lane_count, std::uint64_t stream_length) {
    lanes = lane_count;
    length = stream_length;
    links.assign(length * lanes, Word{0});
  }
  void put(std::uint64_t k, std::uint32_t lane, Word link) { links[k * lanes + lane] = link; }
  std::span<const Word> at(std::uint64_t k) const {
    return k < length ? std::span(links).subspan(k * lanes, lanes) : std::span<const Word>();
  }
};

using Panel = PanelOf<Link>;

/// Prepares the panels of one tile after the other.
template <typename Word>
class TileFeederOf {
 public:
  virtual ~TileFeederOf() = default;
  /// Fills the top with what the PEs will hold. Only where they hold operands.
  virtual void preload(const Tile& tile) = 0;
  /// Fills the left panel with what streams, and where both operands do, the top one too.
  virtual void stream(const Tile& tile) = 0;
  virtual const PanelOf<Word>& left() const = 0;
  virtual const PanelOf<Word>& top() const = 0;
};
using TileFeeder = TileFeederOf<Link>;

}  // namespace quatrain::rtl_models
