#include "rtl_models/schedule/pacing.hpp"

#include <algorithm>
#include <cstdlib>
#include <variant>
#include <vector>

namespace quatrain::rtl_models {
namespace {

/// One tile at a time: its preload, if it has one, and then its stream.
class OneByOne final : public Pacing {
 public:
  void clear() override { loaded_from_ = 0; }
  std::uint64_t preload_from(const TileWork&, std::uint64_t empty_from) const override { return empty_from; }
  void preload(const TileWork& tile, std::uint64_t cycle) override { loaded_from_ = cycle + tile.preload; }
  std::uint64_t begin_from(const TileWork&, std::uint64_t empty_from) const override {
    return std::max(empty_from, loaded_from_);
  }
  void begin(const TileWork&, std::uint64_t) override {}

 private:
  std::uint64_t loaded_from_ = 0;  ///< the first cycle in which PE(0,0) holds its operand
};

/// The first cycle from which so many edges reach this one.
std::uint64_t cycle_of(std::uint64_t edge, std::uint64_t edges) { return edge > edges ? edge - edges : 0; }

// What follows books registers and the exit of column 0. In column j all of it happens j cycles later, for
// every tile alike. Edge e ends cycle e - 1.

/// Output stationary: the registers through which results leave.
class BookedResults final : public Pacing {
 public:
  BookedResults(Drain drain, ArrayShape array)
      : has_shadow_(drain == Drain::shadow), free_from_(array.rows) {}

  void clear() override {
    free_from_.assign(free_from_.size(), 0);
    exit_free_from_ = 0;
  }
  std::uint64_t preload_from(const TileWork&, std::uint64_t) const override { return 0; }
  void preload(const TileWork&, std::uint64_t) override {}

  std::uint64_t begin_from(const TileWork& tile, std::uint64_t) const override {
    std::uint64_t cycle = cycle_of(exit_free_from_, tile.first_word);
    for (std::uint32_t i = 0; i < tile.rows; ++i)
      cycle = std::max(cycle, cycle_of(free_from_[i], edges_to_first_write(i, tile.stream)));
    return cycle;
  }

  void begin(const TileWork& tile, std::uint64_t cycle) override {
    std::uint64_t edge = cycle + tile.first_word;  // the bottom row's word leaves, the others follow
    for (std::uint32_t i = 0; i < tile.rows; ++i) free_from_[i] = edge++;
    exit_free_from_ = edge;
  }

 private:
  /// Of the register of row i: the accumulator takes the first product, a shadow register the last sum.
  std::uint64_t edges_to_first_write(std::uint32_t i, std::uint64_t stream) const {
    return has_shadow_ ? stream + i : i + 1;
  }

  bool has_shadow_;
  std::vector<std::uint64_t> free_from_;  ///< [row]: the edge at which the word of row 0 leaves this row
  std::uint64_t exit_free_from_ = 0;      ///< the first edge without a word
};

/// Weight and input stationary with a hidden preload: the chain of held operands.
class BookedChain final : public Pacing {
 public:
  explicit BookedChain(ArrayShape array) : free_from_(array.rows) {}

  void clear() override {
    free_from_.assign(free_from_.size(), 0);
    loaded_from_ = exit_free_from_ = 0;
  }

  std::uint64_t preload_from(const TileWork& tile, std::uint64_t) const override {
    std::uint64_t cycle = 0;
    for (std::uint32_t i = 0; i < tile.rows; ++i)
      cycle = std::max(cycle, free_from_[i] == never() ? never() : cycle_of(free_from_[i], i + 1));
    return cycle;
  }
  void preload(const TileWork& tile, std::uint64_t cycle) override {
    loaded_from_ = cycle + tile.preload;
    for (std::uint32_t i = 0; i < tile.rows; ++i) free_from_[i] = never();  // until the fold begins
  }

  std::uint64_t begin_from(const TileWork& tile, std::uint64_t) const override {
    return std::max(loaded_from_, cycle_of(exit_free_from_, tile.first_word));
  }
  void begin(const TileWork& tile, std::uint64_t cycle) override {
    for (std::uint32_t i = 0; i < tile.rows; ++i)
      free_from_[i] = cycle + i + 1;  // the PE takes its operand over
    exit_free_from_ = cycle + tile.first_word + tile.words;
  }

 private:
  std::vector<std::uint64_t> free_from_;  ///< [row]: the edge at which the chain may take another word
  std::uint64_t loaded_from_ = 0;         ///< the first cycle in which the chain holds the fold's operands
  std::uint64_t exit_free_from_ = 0;      ///< the first edge without a word
};

std::unique_ptr<Pacing> stationary_pacing(Preload preload, ArrayShape array) {
  switch (preload) {
    case Preload::hidden:
      return std::make_unique<BookedChain>(array);
    case Preload::exposed:
      return std::make_unique<OneByOne>();
  }
  std::abort();
}

std::unique_ptr<Pacing> output_pacing(Drain drain, ArrayShape array) {
  switch (drain) {
    case Drain::serial:
      return std::make_unique<OneByOne>();
    case Drain::skewed:
    case Drain::shadow:
      return std::make_unique<BookedResults>(drain, array);
  }
  std::abort();
}

}  // namespace

std::unique_ptr<Pacing> make_pacing(const Dataflow& dataflow, ArrayShape array) {
  return std::visit(
      Overloaded{[&](const OutputStationary& kind) { return output_pacing(kind.drain, array); },
                 [&](const WeightStationary& kind) { return stationary_pacing(kind.preload, array); },
                 [&](const InputStationary& kind) { return stationary_pacing(kind.preload, array); }},
      dataflow);
}

}  // namespace quatrain::rtl_models
