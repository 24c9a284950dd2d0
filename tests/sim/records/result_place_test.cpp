#include "sim/records/result_place.hpp"

#include "tests/support/gemm_cases.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace quatrain::tests {
namespace {

using sim::place_of_result;
using sim::ResultPlace;
using traces::Phase;

/// B 2, C 6, O 4 in two groups, 5 x 4 planes, kernel 3 x 2, stride 2 x 1: Ho 2, Wo 3.
traces::Geometry grouped() {
  traces::Geometry g;
  g.batch = 2, g.in_channels = 6, g.height = 5, g.width = 4, g.out_channels = 4, g.groups = 2;
  g.kernel_height = 3, g.kernel_width = 2, g.stride_height = 2;
  return with_output(g);
}

TEST(IndexIn, TypedPlaces) {
  EXPECT_EQ(sim::index_in({3, 7, 11, 13}, 1234), (traces::Shape{1, 1, 6, 12}));
  EXPECT_EQ(sim::index_in({4}, 3), traces::Shape{3});
  EXPECT_EQ(sim::index_in({}, 0), traces::Shape{});
}

TEST(ResultPlace, TypedPlaces) {
  const traces::Geometry g = grouped();
  // Z [2, 4, 2, 3]: element (b 1, o 3, ho 1, wo 2) is the last one.
  EXPECT_EQ(place_of_result({Phase::forward, g}, 0), (ResultPlace{0, 0, 0}));
  EXPECT_EQ(place_of_result({Phase::forward, g}, 47), (ResultPlace{1, 11, 1}));
  EXPECT_EQ(place_of_result({Phase::forward, g}, ((0 * 4 + 2) * 2 + 1) * 3 + 0), (ResultPlace{1, 3, 0}));
  // dX [2, 6, 5, 4]: (b 1, c 4, h 2, w 3)
  EXPECT_EQ(place_of_result({Phase::backward_data, g}, ((1 * 6 + 4) * 5 + 2) * 4 + 3),
            (ResultPlace{1, 31, 1}));
  // dW [4, 3, 3, 2]: (o 2, c 1, i 2, j 0)
  EXPECT_EQ(place_of_result({Phase::backward_weight, g}, ((2 * 3 + 1) * 3 + 2) * 2 + 0),
            (ResultPlace{1, 10, 0}));
}

TEST(ResultPlace, EveryElementHasAPlaceOfItsOwn) {
  for (const Phase phase : {Phase::forward, Phase::backward_data, Phase::backward_weight}) {
    const traces::Gemm gemm{phase, grouped()};
    const traces::GemmSize size = traces::gemm_size(phase, gemm.geometry);
    std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t>> places;
    for (std::int64_t i = 0; i < traces::result_elements(phase, gemm.geometry); ++i) {
      const ResultPlace place = place_of_result(gemm, i);
      EXPECT_TRUE(place.group < size.groups && place.row < size.m && place.column < size.n);
      places.emplace(place.group, place.row, place.column);
    }
    EXPECT_EQ(static_cast<std::int64_t>(places.size()), size.groups * size.m * size.n);
  }
}

TEST(KOfRight, TypedPlacesAndRange) {
  const traces::Geometry g = grouped();
  // W [4, 3, 3, 2]: (o 3, c 2, i 1, j 1)
  const std::int64_t weight = ((3 * 3 + 2) * 3 + 1) * 2 + 1;
  EXPECT_EQ(sim::k_of_right({Phase::forward, g}, weight), (2 * 3 + 1) * 2 + 1);
  EXPECT_EQ(sim::k_of_right({Phase::backward_data, g}, weight), (1 * 3 + 1) * 2 + 1)
      << "o 3 is the group's second";
  // dZ [2, 4, 2, 3]: (b 1, o 2, ho 1, wo 0)
  EXPECT_EQ(sim::k_of_right({Phase::backward_weight, g}, ((1 * 4 + 2) * 2 + 1) * 3 + 0), 1 * 6 + 3);
  for (const Phase phase : {Phase::forward, Phase::backward_data, Phase::backward_weight}) {
    std::vector<std::int64_t> elements_of_k(static_cast<std::size_t>(traces::gemm_size(phase, g).k));
    const std::int64_t elements = traces::right_elements(phase, g);
    for (std::int64_t i = 0; i < elements; ++i)
      ++elements_of_k.at(static_cast<std::size_t>(sim::k_of_right({phase, g}, i)));
    EXPECT_EQ(*std::ranges::min_element(elements_of_k), *std::ranges::max_element(elements_of_k))
        << "each k has one right element for every group and column, or for every group and row of W";
  }
}

}  // namespace
}  // namespace quatrain::tests
