#pragma once
/// Times two ways of the same work in turn, so that whatever slows the machine meets both. Times and their
/// ratio are medians over the rounds.

#include <algorithm>
#include <chrono>
#include <ctime>
#include <functional>
#include <vector>

namespace quatrain::tests {

inline double seconds_of(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Of all threads of this process.
inline double processor_seconds_of(const std::function<void()>& work) {
  const auto now = [] {
    std::timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const double start = now();
  work();
  return now() - start;
}

class PairedTimer {
 public:
  using Seconds = double (*)(const std::function<void()>&);
  explicit PairedTimer(Seconds seconds = [](const std::function<void()>& work) { return seconds_of(work); })
      : seconds_(seconds) {}

  /// The one that goes first changes from round to round.
  void round(const auto& ours, const auto& rival) {
    double our_seconds = 0, rival_seconds = 0;
    if (ratios_.size() % 2 == 0) our_seconds = seconds_(ours);
    rival_seconds = seconds_(rival);
    if (ratios_.size() % 2 != 0) our_seconds = seconds_(ours);
    ours_.push_back(our_seconds);
    rivals_.push_back(rival_seconds);
    ratios_.push_back(rival_seconds / our_seconds);
  }

  std::size_t rounds() const { return ratios_.size(); }
  double ours() const { return median(ours_); }
  double rival() const { return median(rivals_); }
  double ratio() const { return median(ratios_); }  ///< above 1: ours is faster

 private:
  static double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                     values.end());
    return values[values.size() / 2];
  }

  Seconds seconds_;
  std::vector<double> ours_, rivals_, ratios_;
};

}  // namespace quatrain::tests
