#pragma once
/// Figures of a few runs that differ in their seed alone.
///
/// The interval is Student's: mean +- t s / sqrt(n), with s the sample's standard deviation (n - 1 below the
/// root) and t the 97.5 % point of Student's distribution with n - 1 degrees of freedom (Boost.Math). It
/// covers the mean of all seeds in 95 of 100 experiments, if the figure is spread normally over the seeds.

#include <optional>
#include <span>
#include <utility>

namespace quatrain::sim::experiment {

struct Spread {
  double deviation = 0;
  double low = 0, high = 0;  ///< of the 95 % interval of the mean
};

struct Sample {
  std::size_t count = 0;
  double mean = 0, smallest = 0, largest = 0;
  std::optional<Spread> spread;  ///< of two values or more
};

/// `values` is not empty.
Sample sample_of(std::span<const double> values);

}  // namespace quatrain::sim::experiment
