#include "rtl_models/schedule/pacing.hpp"

#include <cstdlib>
#include <variant>
#include <vector>

namespace quatrain::rtl_models {
namespace {

/// One tile at a time: its preload, if it has one, and then its stream.
class OneByOne final : public Pacing {
 public:
  void clear() override { loaded_from_ = 0; }
  bool may_preload(const TileWork&, std::uint64_t, bool is_empty) const override { return is_empty; }
  void preload(const TileWork& tile, std::uint64_t cycle) override { loaded_from_ = cycle + tile.preload; }
  bool may_begin(const TileWork&, std::uint64_t cycle, bool is_empty) const override {
    return is_empty && cycle >= loaded_from_;
  }
  void begin(const TileWork&, std::uint64_t) override {}

 private:
  std::uint64_t loaded_from_ = 0;  ///< the first cycle in which PE(0,0) holds its operand
};

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
  bool may_preload(const TileWork&, std::uint64_t, bool) const override { return true; }
  void preload(const TileWork&, std::uint64_t) override {}

  bool may_begin(const TileWork& tile, std::uint64_t cycle, bool) const override {
    for (std::uint32_t i = 0; i < tile.rows; ++i)
      if (edge_of_first_write(i, tile.stream, cycle) < free_from_[i]) return false;
    return cycle + tile.stream + tile.rows >= exit_free_from_;
  }

  void begin(const TileWork& tile, std::uint64_t cycle) override {
    std::uint64_t edge = cycle + tile.stream + tile.rows;  // the bottom row's word leaves, the others follow
    for (std::uint32_t i = 0; i < tile.rows; ++i) free_from_[i] = edge++;
    exit_free_from_ = edge;
  }

 private:
  /// Of the register of row i: the accumulator takes the first product, a shadow register the last sum.
  std::uint64_t edge_of_first_write(std::uint32_t i, std::uint64_t stream, std::uint64_t cycle) const {
    return has_shadow_ ? cycle + stream + i : cycle + i + 1;
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

  bool may_preload(const TileWork& tile, std::uint64_t cycle, bool) const override {
    for (std::uint32_t i = 0; i < tile.rows; ++i)
      if (cycle + i + 1 < free_from_[i]) return false;
    return true;
  }
  void preload(const TileWork& tile, std::uint64_t cycle) override {
    loaded_from_ = cycle + tile.preload;
    for (std::uint32_t i = 0; i < tile.rows; ++i) free_from_[i] = UINT64_MAX;  // until the fold begins
  }

  bool may_begin(const TileWork& tile, std::uint64_t cycle, bool) const override {
    return cycle >= loaded_from_ && cycle + tile.rows >= exit_free_from_;
  }
  void begin(const TileWork& tile, std::uint64_t cycle) override {
    for (std::uint32_t i = 0; i < tile.rows; ++i)
      free_from_[i] = cycle + i + 1;  // the PE takes its operand over
    exit_free_from_ = cycle + tile.rows + tile.words;
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
