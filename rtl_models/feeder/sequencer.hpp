#pragma once
/// Drives the array's edges tile by tile, takes the words that the columns send, and starts the next tile in
/// the cycle after the last of them. It knows no cycle count: a tile takes as long as the array needs.

#include "rtl_models/array/ports.hpp"
#include "rtl_models/feeder/feeder.hpp"

#include <systemc>

#include <cstdint>
#include <functional>

namespace quatrain::rtl_models {

/// What the sequencer plays. Pointers live as long as the job.
struct SequencerJob {
  PeMode mode = PeMode::int4_int4;
  const std::vector<Tile>* tiles = nullptr;
  std::function<void(const Tile&)> load;  ///< fills the two panels
  const Panel *left = nullptr, *right = nullptr;
  std::function<void(const Tile&, std::uint32_t row, std::uint32_t column, std::int32_t accumulator)> store;
};

class Sequencer final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_out<bool> reset{"reset"};
  sc_core::sc_out<EdgeWord> left{"left"}, right{"right"};
  sc_core::sc_out<TileControl> control{"control"};
  sc_core::sc_in<ExitWords> exits{"exits"};

  SC_HAS_PROCESS(Sequencer);
  Sequencer(const sc_core::sc_module_name& name, ArrayShape shape);

  /// At least one tile. The clock runs afterwards until finished().
  void begin(const SequencerJob& job);
  bool finished() const { return state_ == State::idle; }
  std::uint64_t cycles() const { return cycles_; }

 private:
  enum class State : std::uint8_t { idle, resetting, starting, running };

  void on_edge();
  void begin_tile();
  void take_words();
  void drive();
  const Tile& tile() const { return (*job_.tiles)[tile_]; }

  SequencerJob job_;
  State state_ = State::idle;
  std::size_t tile_ = 0;
  std::uint64_t cycles_ = 0, tile_cycle_ = 0;
  std::uint64_t words_due_ = 0;             ///< words that the tile has still to send
  std::vector<std::uint32_t> words_taken_;  ///< [column]
  EdgeWord left_word_, right_word_;
};

}  // namespace quatrain::rtl_models
