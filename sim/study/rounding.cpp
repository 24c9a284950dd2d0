#include "sim/study/rounding.hpp"

#include "emu/quant/quantizer.hpp"
#include "sim/study/expectation.hpp"
#include "traces/base/error.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

namespace quatrain::sim::study {
namespace {

using Vectors = std::vector<std::vector<double>>;

constexpr std::size_t products_at_once = 16;
constexpr std::size_t elements_a_piece = 32768;

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

Estimate estimate_of(std::span<const double> trials) {
  const auto count = static_cast<double>(trials.size());
  Estimate estimate;
  for (const double trial : trials) estimate.mean += trial / count;
  if (trials.size() < 2) return estimate;
  double squares = 0;
  for (const double trial : trials) squares += (trial - estimate.mean) * (trial - estimate.mean);
  estimate.standard_error = std::sqrt(squares / (count - 1) / count);
  return estimate;
}

/// Of a mean square: its root; the error follows to first order.
Estimate root_of(Estimate square) {
  const double root = std::sqrt(square.mean);
  if (square.standard_error) square.standard_error = root == 0 ? 0 : *square.standard_error / (2 * root);
  square.mean = root;
  return square;
}

/// The sum of a trial's samples so far, in units of alpha. Its codes of one element have one sign, so that it
/// is zero only where all of them are.
struct Trial {
  unsigned samples = 1;  ///< that it takes
  std::vector<std::int32_t> sum;
  unsigned added = 0;
  std::vector<double> gains = {}, squares = {}, dead = {};  ///< of the trials that are over
};

/// One case, one setting.
class SettingStudy {
 public:
  SettingStudy(const GradientCase& tensor, const StudyPlan& plan, const Setting& setting,
               std::span<const double> reference, base::ThreadPool& pool)
      : tensor_(tensor),
        plan_(plan),
        setting_(setting),
        reference_(reference),
        square_(dot(reference, reference)),
        pool_(pool),
        draws_(traces::info_of(setting.rule).draws),
        gradient_(tensor.gradient.first(static_cast<std::size_t>(traces::output_elements(tensor.geometry)))) {
    for (const unsigned samples : draws_ ? plan.samples : std::vector<unsigned>{1})
      trials_.push_back({.samples = samples, .sum = std::vector<std::int32_t>(gradient_.size())});
  }

  std::vector<RoundingEffect> run() {
    const unsigned count = draws_ ? plan_.trials : 1;
    unsigned most = 0;
    for (const Trial& trial : trials_) most = std::max(most, trial.samples);
    const auto quantizer = emu::make_quantizer(
        {.rule = setting_.rule, .random_bits = draws_ ? setting_.random_bits : 16, .alpha = setting_.alpha},
        emu::chosen_path());
    emu::QuantizedTensor codes;
    for (unsigned sample = 0; sample < most * count; ++sample) {
      if (tensor_.stops && tensor_.stops()) throw base::Interrupted();
      traces::DrawKey draws = tensor_.draws;
      draws.sample = sample;
      quantizer->quantize(tensor_.gradient, draws, tensor_.maximum, pool_, codes);
      for (Trial& trial : trials_)
        if (sample / trial.samples < count) add(codes, trial);
    }
    flush();
    return effects(count);
  }

 private:
  void add(const emu::QuantizedTensor& codes, Trial& trial) {
    base::for_pieces(pool_, trial.sum.size(), elements_a_piece, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) trial.sum[i] += traces::fp4_e3m0_values[codes.codes[i]];
    });
    if (++trial.added < trial.samples) return;
    const double scale = static_cast<double>(codes.scale) / trial.samples;
    std::uint64_t dead = 0, nonzero = 0;
    std::vector<double>& mean = pending_.emplace_back(trial.sum.size());
    for (std::size_t i = 0; i < mean.size(); ++i) {
      mean[i] = trial.sum[i] * scale;
      nonzero += gradient_[i] != 0;
      dead += gradient_[i] != 0 && trial.sum[i] == 0;
    }
    trial.dead.push_back(nonzero == 0 ? 0 : static_cast<double>(dead) / static_cast<double>(nonzero));
    owners_.push_back(&trial);
    trial.added = 0;
    std::ranges::fill(trial.sum, 0);
    if (pending_.size() == products_at_once) flush();
  }

  /// The products of the trials that are over.
  void flush() {
    const Vectors products = made_of(std::exchange(pending_, {}));
    for (std::size_t p = 0; p < products.size(); ++p) {
      double error = 0;
      for (std::size_t i = 0; i < reference_.size(); ++i)
        error += (products[p][i] - reference_[i]) * (products[p][i] - reference_[i]);
      owners_[p]->gains.push_back(dot(products[p], reference_) / square_);
      owners_[p]->squares.push_back(error / square_);
    }
    owners_.clear();
  }

  Vectors made_of(Vectors gradients) const {
    if (tensor_.input.empty()) return gradients;
    return weight_gradients(tensor_.geometry, tensor_.input, gradients, pool_, tensor_.stops);
  }

  std::vector<RoundingEffect> effects(unsigned count) const {
    std::vector<RoundingEffect> effects;
    for (const Trial& trial : trials_)
      effects.push_back({.setting = setting_,
                         .samples = trial.samples,
                         .trials = count,
                         .gain = estimate_of(trial.gains),
                         .relative_error = root_of(estimate_of(trial.squares)),
                         .dead_share = estimate_of(trial.dead)});
    if (draws_) expect(effects);
    return effects;
  }

  float maximum() const {
    if (tensor_.maximum) return *tensor_.maximum;
    float largest = 0;
    for (const float x : tensor_.gradient) largest = std::max(largest, std::fabs(x));
    return largest;
  }

  void expect(std::vector<RoundingEffect>& effects) const {
    const RoundingMoments moments = luq_moments(gradient_, maximum(), setting_.random_bits, setting_.alpha);
    const std::vector<double> mean = made_of({moments.mean}).front();
    double bias = 0;
    for (std::size_t i = 0; i < mean.size(); ++i)
      bias += (mean[i] - reference_[i]) * (mean[i] - reference_[i]);
    const double variance = total_variance(moments.variance);
    for (RoundingEffect& effect : effects) {
      Expectation& expected = effect.expected.emplace();
      expected.gain = dot(mean, reference_) / square_;
      expected.error_floor = std::sqrt(bias / square_);
      expected.relative_error = std::sqrt((bias + variance / effect.samples) / square_);
      double nonzero = 0;
      for (std::size_t i = 0; i < gradient_.size(); ++i) {
        if (gradient_[i] == 0) continue;
        ++nonzero;
        expected.dead_share += std::pow(moments.zero[i], effect.samples);
      }
      if (nonzero > 0) expected.dead_share /= nonzero;
    }
  }

  /// Of one sample, over the elements of R: draws are independent, so that dW has the sums of x^2 variance.
  double total_variance(const std::vector<double>& variance) const {
    double total = 0;
    if (tensor_.input.empty()) {
      for (const double element : variance) total += element;
      return total;
    }
    std::vector<double> squares(tensor_.input.begin(), tensor_.input.end());
    for (double& x : squares) x *= x;
    const Vectors one = {variance};
    const Vectors sums = weight_gradients(tensor_.geometry, squares, one, pool_, tensor_.stops);
    for (const double element : sums.front()) total += element;
    return total;
  }

  const GradientCase& tensor_;
  const StudyPlan& plan_;
  const Setting setting_;
  std::span<const double> reference_;
  double square_;
  base::ThreadPool& pool_;
  bool draws_;
  std::span<const float> gradient_;
  std::vector<Trial> trials_;
  Vectors pending_;
  std::vector<Trial*> owners_;  ///< of the pending ones
};

}  // namespace

std::vector<RoundingEffect> rounding_effects(const GradientCase& tensor, const StudyPlan& plan,
                                             base::ThreadPool& pool) {
  const auto compared = static_cast<std::size_t>(traces::output_elements(tensor.geometry));
  const std::span<const float> gradient = tensor.gradient.first(compared);
  Vectors exact(1);
  exact.front().assign(gradient.begin(), gradient.end());
  if (!tensor.input.empty())
    exact = weight_gradients(tensor.geometry, tensor.input, exact, pool, tensor.stops);
  const std::vector<double>& reference = exact.front();
  if (const double square = dot(reference, reference); square == 0 || !std::isfinite(square)) return {};
  std::vector<RoundingEffect> effects;
  for (const Setting& setting : plan.settings)
    for (RoundingEffect& effect : SettingStudy(tensor, plan, setting, reference, pool).run())
      effects.push_back(std::move(effect));
  return effects;
}

}  // namespace quatrain::sim::study
