/// The transposer against the definition of a transposed tile, and its cycles.
#include "rtl_models/quantizer/transposer.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>

namespace quatrain::tests {
namespace {

using rtl_models::CodeWord;
using Codes = std::vector<std::uint8_t>;

/// A transposer and the signals around it.
class Driven {
 public:
  explicit Driven(unsigned side) : side_(side), unit_(sc_core::sc_gen_unique_name("transposer"), side) {
    unit_.clock(clock_);
    unit_.rows(rows_);
    unit_.columns(columns_);
  }

  /// Tile after tile, row by row. Each column that leaves is appended; `cycles` counts the edges up to the
  /// last one.
  Codes transposed(const Codes& tiles, std::uint64_t& cycles) {
    Codes left;
    CodeWord word;
    word.codes = rtl_models::Lanes<std::uint8_t>(side_);
    cycles = 0;
    for (std::size_t sent = 0; left.size() < tiles.size() && cycles < 4 * tiles.size() + 4; ++cycles) {
      word.used = sent < tiles.size() ? side_ : 0;
      for (unsigned lane = 0; lane < word.used; ++lane) word.codes.words[lane] = tiles[sent++];
      rows_.write(word);
      edge();
      const CodeWord& shown = columns_.read();
      left.insert(left.end(), shown.codes.words.begin(), shown.codes.words.begin() + shown.used);
    }
    return left;
  }

  unsigned side() const { return side_; }

 private:
  void edge() {
    sc_core::sc_start(1.0, sc_core::SC_NS);
    clock_.write(true);
    sc_core::sc_start(1.0, sc_core::SC_NS);
    clock_.write(false);
  }

  unsigned side_;
  sc_core::sc_signal<bool> clock_;
  sc_core::sc_signal<CodeWord> rows_, columns_;
  rtl_models::Transposer unit_;
};

/// Element (p, q) of each tile at (q, p).
Codes by_definition(const Codes& tiles, unsigned side) {
  Codes expected(tiles.size());
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const std::size_t tile = i / (side * side), p = i / side % side, q = i % side;
    expected[tile * side * side + q * side + p] = tiles[i];
  }
  return expected;
}

std::vector<std::unique_ptr<Driven>> transposers() {
  std::vector<std::unique_ptr<Driven>> all;
  for (const unsigned side : {2U, 3U, 8U, 32U}) all.push_back(std::make_unique<Driven>(side));
  return all;
}

TEST(Transposer, EveryTileOfFourCodesAndRandomLargerOnes) {
  const auto all = transposers();
  Codes every;
  for (unsigned tile = 0; tile < 0x10000; ++tile)
    for (unsigned code = 0; code < 4; ++code)
      every.push_back(static_cast<std::uint8_t>(tile >> 4 * code & 0xF));
  std::uint64_t cycles = 0;
  EXPECT_EQ(all[0]->transposed(every, cycles), by_definition(every, 2));
  EXPECT_EQ(cycles, (0x10000U + 1) * 2) << "a tile in two cycles, the last one leaves in two more";
  std::mt19937 random(1);
  for (const auto& unit : all)
    for (const unsigned count : {1U, 2U, 5U, 40U, 1U}) {
      Codes tiles(std::size_t{count} * unit->side() * unit->side());
      for (std::uint8_t& code : tiles) code = static_cast<std::uint8_t>(random() % 16);
      EXPECT_EQ(unit->transposed(tiles, cycles), by_definition(tiles, unit->side())) << unit->side();
      EXPECT_EQ(cycles, (count + 1) * unit->side()) << unit->side();
      Codes wrong = tiles;  // one bit of one code
      wrong[random() % wrong.size()] ^= static_cast<std::uint8_t>(1U << random() % 4);
      EXPECT_NE(unit->transposed(wrong, cycles), by_definition(tiles, unit->side()));
    }
}

}  // namespace
}  // namespace quatrain::tests
