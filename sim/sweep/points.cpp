#include "sim/sweep/points.hpp"

#include <numeric>
#include <random>
#include <set>

namespace quatrain::sim {

std::vector<std::uint64_t> first_points(const Study& study) {
  const std::uint64_t all = point_count(study.axes);
  if (study.search == Search::grid || study.designs >= all) {
    std::vector<std::uint64_t> points(all);
    std::iota(points.begin(), points.end(), std::uint64_t{0});
    return points;
  }
  std::mt19937_64 random(study.seed);  // its numbers are in the standard; its distributions are not
  std::set<std::uint64_t> drawn;       // Floyd's algorithm: different points, each equally likely
  for (std::uint64_t last = all - study.designs; last < all; ++last)
    if (!drawn.insert(random() % (last + 1)).second) drawn.insert(last);
  return {drawn.begin(), drawn.end()};
}

std::vector<std::uint64_t> new_neighbours(const std::vector<DesignAxis>& axes,
                                          const std::vector<std::uint64_t>& best,
                                          const std::vector<std::uint64_t>& known) {
  const std::set<std::uint64_t> done(known.begin(), known.end());
  std::set<std::uint64_t> found;
  for (const std::uint64_t point : best) {
    const std::vector<std::size_t> places = places_at(axes, point);
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const auto add = [&](std::size_t place) {
        std::vector<std::size_t> moved = places;
        moved[i] = place;
        if (const std::uint64_t next = point_at(axes, moved); !done.contains(next)) found.insert(next);
      };
      if (places[i] > 0) add(places[i] - 1);
      if (places[i] + 1 < axes[i].values.size()) add(places[i] + 1);
    }
  }
  return {found.begin(), found.end()};
}

std::vector<std::uint64_t> part_of(const std::vector<std::uint64_t>& points, std::uint64_t index,
                                   std::uint64_t count) {
  std::vector<std::uint64_t> part;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (i % count == index - 1) part.push_back(points[i]);
  return part;
}

}  // namespace quatrain::sim
