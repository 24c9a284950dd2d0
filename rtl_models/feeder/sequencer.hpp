#pragma once
/// Drives the array's edges tile by tile and takes the words that the columns send. Pacing says when a tile
/// may begin; how long the whole takes shows when the last word has arrived.

#include "rtl_models/array/ports.hpp"
#include "rtl_models/feeder/panel.hpp"
#include "rtl_models/feeder/skew.hpp"
#include "rtl_models/gated_clock.hpp"
#include "rtl_models/schedule/holds.hpp"
#include "rtl_models/schedule/pacing.hpp"

#include <systemc>

#include <cstdint>
#include <functional>
#include <memory>

namespace quatrain::rtl_models {

/// What the sequencer plays. Pointers live as long as the job.
template <typename Word>
struct SequencerJobOf {
  PeControl control;
  const std::vector<Tile>* tiles = nullptr;
  std::function<TileWork(const Tile&)> work;
  TileFeederOf<Word>* feeder = nullptr;
  /// Word `word` of an array column of the tile.
  std::function<void(const Tile&, std::uint64_t word, std::uint32_t column, std::int32_t sum)> store;
  /// Sum number `word` that comes back to an array column of the tile, one in each cycle of the tile. Null:
  /// none do.
  std::function<std::int32_t(const Tile&, std::uint64_t word, std::uint32_t column)> returning;
  const Holds* holds = nullptr;      ///< nullptr: operands are always there
  GatedClock* held_clock = nullptr;  ///< the array's; with holds
};
using SequencerJob = SequencerJobOf<Link>;

template <typename Word>
class SequencerOf final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_out<bool> reset{"reset"};
  sc_core::sc_out<Lanes<Word>> left{"left"}, right{"right"};
  sc_core::sc_out<PeControl> control{"control"};
  sc_core::sc_out<SumWords> returning{"returning"};
  sc_core::sc_in<ExitWords> exits{"exits"};

  SC_HAS_PROCESS(SequencerOf);
  SequencerOf(const sc_core::sc_module_name& name, ArrayShape shape, std::unique_ptr<Pacing> pacing);

  /// At least one tile. The clock runs afterwards until finished().
  void begin(const SequencerJobOf<Word>& job);
  bool finished() const { return state_ == State::idle; }
  std::uint64_t cycles() const { return cycle_; }
  /// Rows and columns that some tile of the job uses.
  ArrayShape used() const { return used_; }

 private:
  enum class State : std::uint8_t { idle, resetting, starting, running, held };
  /// What enters one edge.
  struct Feed {
    explicit Feed(std::uint32_t lanes) : skew(lanes) {}
    SkewOf<Word> skew;
    std::uint64_t begun_at = 0;  ///< the cycle in which its panel began to enter
    bool is_busy(const PanelOf<Word>& panel, std::uint64_t cycle) const {
      return cycle < begun_at + panel.length;
    }
    const Lanes<Word>& step(const PanelOf<Word>& panel, std::uint64_t cycle) {
      return skew.step(panel.at(cycle - begun_at));
    }
  };
  /// A column takes the tiles in order, and all words of each.
  struct Coming {
    std::size_t tile = 0;  ///< the next one; as many as there are tiles: none
    TileWork work;
  };
  struct Column {
    Coming coming;
    std::uint64_t taken = 0;    ///< words of this tile
    std::size_t returning = 0;  ///< the tile to which sums come back
  };

  void on_edge();
  void play_cycle();
  bool must_wait();
  bool may_stream() const;
  void begin_what_may();
  void begin_stream();
  void begin_preload();
  void go_on(Coming& coming);
  void take_words();
  void drive();
  void bring_sums();

  SequencerJobOf<Word> job_;
  std::unique_ptr<Pacing> pacing_;
  ArrayShape used_;
  State state_ = State::idle;
  Coming stream_, preload_;
  std::uint64_t cycle_ = 0;      ///< whose operands are driven now
  std::uint64_t words_due_ = 0;  ///< words that the begun tiles have still to send
  std::uint64_t blocks_begun_ = 0;
  std::vector<Column> columns_;
  std::vector<std::uint64_t> begun_at_;  ///< [tile], where sums come back
  Feed left_, top_;
};
using Sequencer = SequencerOf<Link>;

extern template class SequencerOf<Link>;
extern template class SequencerOf<WideLink>;

}  // namespace quatrain::rtl_models
