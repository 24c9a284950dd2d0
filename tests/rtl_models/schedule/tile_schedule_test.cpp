#include "rtl_models/schedule/tile_schedule.hpp"

#include <gtest/gtest.h>

#include <tuple>

namespace quatrain::tests {
namespace {

using rtl_models::Tile;
using Row = std::tuple<std::uint32_t, std::uint64_t, std::uint64_t, std::uint32_t, std::uint32_t>;

std::vector<Row> rows_of(const rtl_models::TileSchedule& schedule) {
  std::vector<Row> rows;
  for (const Tile& tile : schedule.tiles)
    rows.emplace_back(tile.group, tile.first_row, tile.first_column, tile.rows, tile.columns);
  return rows;
}

/// m 7, n 5 in 2 groups on 3 rows and 4 columns: rows of tiles inner, then columns, then groups.
TEST(TileSchedule, RowsOfTilesComeFirst) {
  const auto schedule = rtl_models::whole_gemm_schedule({7, 5, 11, 2}, 4, {3, 4});
  EXPECT_EQ(schedule.array, (rtl_models::ArrayShape{3, 4}));
  EXPECT_EQ(schedule.stream_length, 44U);
  EXPECT_EQ(rows_of(schedule), (std::vector<Row>{{0, 0, 0, 3, 4},
                                                 {0, 3, 0, 3, 4},
                                                 {0, 6, 0, 1, 4},
                                                 {0, 0, 4, 3, 1},
                                                 {0, 3, 4, 3, 1},
                                                 {0, 6, 4, 1, 1},
                                                 {1, 0, 0, 3, 4},
                                                 {1, 3, 0, 3, 4},
                                                 {1, 6, 0, 1, 4},
                                                 {1, 0, 4, 3, 1},
                                                 {1, 3, 4, 3, 1},
                                                 {1, 6, 4, 1, 1}}));
}

/// A GEMM that just fits, and one that is larger by one.
TEST(TileSchedule, ABoundaryThatJustFitsIsOneTile) {
  EXPECT_EQ(rows_of(rtl_models::whole_gemm_schedule({3, 4, 1, 1}, 1, {3, 4})),
            (std::vector<Row>{{0, 0, 0, 3, 4}}));
  EXPECT_EQ(rows_of(rtl_models::whole_gemm_schedule({4, 4, 1, 1}, 1, {3, 4})),
            (std::vector<Row>{{0, 0, 0, 3, 4}, {0, 3, 0, 1, 4}}));
  EXPECT_EQ(rows_of(rtl_models::whole_gemm_schedule({3, 5, 1, 1}, 1, {3, 4})),
            (std::vector<Row>{{0, 0, 0, 3, 4}, {0, 0, 4, 3, 1}}));
}

using FoldRow =
    std::tuple<std::uint32_t, std::uint64_t, std::uint32_t, std::uint64_t, std::uint64_t, std::uint32_t>;

/// m 7, n 5, k 8 in 2 samples on 3 rows and 4 columns: parts of n, in them parts of k, in them the samples.
TEST(TileSchedule, WeightsAreHeldPartByPart) {
  const auto schedule =
      rtl_models::whole_gemm_schedule({7, 5, 8, 1}, 2, {3, 4}, rtl_models::WeightStationary{});
  std::vector<FoldRow> rows;
  for (const Tile& fold : schedule.tiles) {
    EXPECT_EQ(fold.first_row, 0U);
    EXPECT_EQ(fold.rows, 7U);
    rows.emplace_back(fold.group, fold.first_column, fold.columns, fold.k->first, fold.k->end, fold.sample);
  }
  EXPECT_EQ(rows, (std::vector<FoldRow>{{0, 0, 4, 0, 3, 0},
                                        {0, 0, 4, 0, 3, 1},
                                        {0, 0, 4, 3, 6, 0},
                                        {0, 0, 4, 3, 6, 1},
                                        {0, 0, 4, 6, 8, 0},
                                        {0, 0, 4, 6, 8, 1},
                                        {0, 4, 1, 0, 3, 0},
                                        {0, 4, 1, 0, 3, 1},
                                        {0, 4, 1, 3, 6, 0},
                                        {0, 4, 1, 3, 6, 1},
                                        {0, 4, 1, 6, 8, 0},
                                        {0, 4, 1, 6, 8, 1}}));
}

/// The samples stream past the held inputs.
TEST(TileSchedule, InputsAreHeldPartByPart) {
  const auto schedule =
      rtl_models::whole_gemm_schedule({7, 5, 4, 2}, 2, {3, 4}, rtl_models::InputStationary{});
  std::vector<FoldRow> rows;
  for (const Tile& fold : schedule.tiles) {
    EXPECT_EQ(fold.first_column, 0U);
    EXPECT_EQ(fold.columns, 5U);
    rows.emplace_back(fold.group, fold.first_row, fold.rows, fold.k->first, fold.k->end, fold.sample);
  }
  EXPECT_EQ(rows, (std::vector<FoldRow>{{0, 0, 4, 0, 3, 0},
                                        {0, 0, 4, 3, 4, 0},
                                        {0, 4, 3, 0, 3, 0},
                                        {0, 4, 3, 3, 4, 0},
                                        {1, 0, 4, 0, 3, 0},
                                        {1, 0, 4, 3, 4, 0},
                                        {1, 4, 3, 0, 3, 0},
                                        {1, 4, 3, 3, 4, 0}}));
}

/// Stream lengths beyond 32 bits.
TEST(TileSchedule, LongStreamsAreCounted) {
  EXPECT_EQ(rtl_models::whole_gemm_schedule({1, 1, 1LL << 31, 1}, 16, {3, 4}).stream_length, 1ULL << 35);
}

}  // namespace
}  // namespace quatrain::tests
