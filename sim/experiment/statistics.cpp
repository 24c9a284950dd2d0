#include "sim/experiment/statistics.hpp"

#include <boost/math/distributions/students_t.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace quatrain::sim::experiment {

Sample sample_of(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  const auto [smallest, largest] = std::ranges::minmax(values);
  Sample sample{.count = values.size(),
                .mean = std::accumulate(values.begin(), values.end(), 0.0) / count,
                .smallest = smallest,
                .largest = largest,
                .spread = std::nullopt};
  if (values.size() < 2) return sample;
  double squares = 0;
  for (const double value : values) squares += (value - sample.mean) * (value - sample.mean);
  const double deviation = std::sqrt(squares / (count - 1));
  const boost::math::students_t distribution(count - 1);
  const double half =
      boost::math::quantile(boost::math::complement(distribution, 0.025)) * deviation / std::sqrt(count);
  sample.spread = Spread{deviation, sample.mean - half, sample.mean + half};
  return sample;
}

}  // namespace quatrain::sim::experiment
