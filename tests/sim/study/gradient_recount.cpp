#include "tests/sim/study/gradient_recount.hpp"

#include "tests/support/exact_oracle.hpp"
#include "traces/base/files.hpp"
#include "traces/format/reader.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

namespace quatrain::tests {
namespace {

using nlohmann::json;
using Real = long double;

float from_hex(const std::string& bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(std::stoul(bits, nullptr, 16)));
}

int fp4_value(unsigned code) {
  const int magnitude = (code & 7) == 0 ? 0 : 1 << ((code & 7) - 1);
  return code < 8 ? magnitude : -magnitude;
}

int int4_value(unsigned code) { return code < 8 ? static_cast<int>(code) : static_cast<int>(code) - 16; }

/// Low nibble first.
std::vector<unsigned> codes_of(const std::vector<std::uint8_t>& packed, std::size_t count) {
  std::vector<unsigned> codes;
  for (std::size_t i = 0; i < count; ++i) codes.push_back(packed[i / 2] >> (4 * (i % 2)) & 15U);
  return codes;
}

std::vector<std::int64_t> shape_of(const json& manifest, const std::string& tensor) {
  return manifest.at("tensors").at(tensor).at("shape").get<std::vector<std::int64_t>>();
}

std::size_t elements_of(const std::vector<std::int64_t>& shape) {
  std::size_t count = 1;
  for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
  return count;
}

/// What the sums need of a layer; a linear layer is a window of one.
struct Window {
  std::int64_t kernel[2] = {1, 1}, stride[2] = {1, 1}, padding[2] = {0, 0}, groups = 1;
  explicit Window(const json& layer) {
    if (layer.at("kind") == "linear") return;
    for (int axis = 0; axis < 2; ++axis) {
      kernel[axis] = layer.at("kernel").at(static_cast<std::size_t>(axis));
      stride[axis] = layer.at("stride").at(static_cast<std::size_t>(axis));
      padding[axis] = layer.at("padding").at(static_cast<std::size_t>(axis));
    }
    groups = layer.at("groups");
  }
};

struct Tensor {
  std::vector<std::int64_t> shape;  ///< [batch, channels, height, width]
  std::vector<Real> values;
  Tensor(std::vector<std::int64_t> natural, std::vector<Real> all)
      : shape(std::move(natural)), values(std::move(all)) {
    shape.resize(4, 1);
  }
  Real at(std::int64_t b, std::int64_t c, std::int64_t h, std::int64_t w) const {
    if (h < 0 || h >= shape[2] || w < 0 || w >= shape[3]) return 0;
    return values[static_cast<std::size_t>(((b * shape[1] + c) * shape[2] + h) * shape[3] + w)];
  }
};

/// One sum for each weight, images outermost last.
std::vector<Real> weight_gradient(const Window& window, const Tensor& x, const Tensor& dz,
                                  std::int64_t images) {
  std::vector<Real> dw;
  const std::int64_t inputs = x.shape[1] / window.groups, outputs = dz.shape[1] / window.groups;
  for (std::int64_t o = 0; o < dz.shape[1]; ++o)
    for (std::int64_t c = 0; c < inputs; ++c)
      for (std::int64_t i = 0; i < window.kernel[0]; ++i)
        for (std::int64_t j = 0; j < window.kernel[1]; ++j) {
          Real sum = 0;
          for (std::int64_t h = 0; h < dz.shape[2]; ++h)
            for (std::int64_t w = 0; w < dz.shape[3]; ++w)
              for (std::int64_t b = images - 1; b >= 0; --b)
                sum += dz.at(b, o, h, w) * x.at(b, o / outputs * inputs + c,
                                                h * window.stride[0] + i - window.padding[0],
                                                w * window.stride[1] + j - window.padding[1]);
          dw.push_back(sum);
        }
  return dw;
}

Real inner(const std::vector<Real>& a, const std::vector<Real>& b) {
  Real sum = 0;
  for (std::size_t i = a.size(); i-- > 0;) sum += a[i] * b[i];
  return sum;
}

/// The standard error of the mean of these.
std::optional<double> error_of_mean(const std::vector<Real>& trials) {
  if (trials.size() == 1) return std::nullopt;
  Real sum = 0, squared = 0;
  for (const Real trial : trials) sum += trial;
  const Real count = static_cast<Real>(trials.size()), mean = sum / count;
  for (const Real trial : trials) squared += (trial - mean) * (trial - mean);
  return static_cast<double>(std::sqrt(squared / (count - 1) / count));
}

double mean_of(const std::vector<Real>& trials) {
  Real sum = 0;
  for (const Real trial : trials) sum += trial;
  return static_cast<double>(sum / static_cast<Real>(trials.size()));
}

/// Trials of `samples` each, one after the other.
RecountedEffect effect_of(const std::string& rule, unsigned samples, unsigned trials,
                          const std::vector<Real>& exact_dz, const std::vector<std::vector<Real>>& dz,
                          const std::vector<std::vector<Real>>& dw, const std::vector<Real>& exact) {
  RecountedEffect effect;
  effect.rule = rule;
  effect.samples = samples;
  effect.trials = trials;
  std::vector<Real> gains, squares, deads;
  for (std::size_t first = 0; first < std::size_t{trials} * samples; first += samples) {
    std::vector<Real> mean(exact.size()), error;
    for (std::size_t i = 0; i < mean.size(); ++i) {
      for (std::size_t s = first; s < first + samples; ++s) mean[i] += dw[s][i];
      mean[i] /= samples;
      error.push_back(mean[i] - exact[i]);
    }
    gains.push_back(inner(mean, exact) / inner(exact, exact));
    squares.push_back(inner(error, error) / inner(exact, exact));
    Real dead = 0, nonzero = 0;
    for (std::size_t i = 0; i < exact_dz.size(); ++i) {
      if (exact_dz[i] == 0) continue;
      bool lives = false;
      for (std::size_t s = first; s < first + samples; ++s) lives = lives || dz[s][i] != 0;
      ++nonzero;
      dead += !lives;
    }
    deads.push_back(dead / nonzero);
  }
  effect.gain = mean_of(gains);
  effect.gain_error = error_of_mean(gains);
  effect.relative_error = std::sqrt(mean_of(squares));
  if (const auto error = error_of_mean(squares))
    effect.relative_error_error = effect.relative_error == 0 ? 0 : *error / (2 * effect.relative_error);
  effect.dead_share = mean_of(deads);
  effect.dead_share_error = error_of_mean(deads);
  return effect;
}

/// Of one element: its levels in units of alpha, and how probable the upper one is.
struct Levels {
  Real low = 0, high = 1, up = 0;
};

Levels levels_of(float x, float maximum, unsigned random_bits) {
  const float y = exact::product(std::fabs(x), exact::quotient(64, maximum));
  if (y >= 64) return {64, 64, 0};
  Levels levels;
  while (static_cast<Real>(y) >= levels.high) levels = {levels.high, 2 * levels.high, 0};
  const Real draws = static_cast<Real>(1U << random_bits);
  levels.up =
      std::floor((static_cast<Real>(y) - levels.low) / (levels.high - levels.low) * draws + Real(0.5)) /
      draws;
  return levels;
}

class Recount {
 public:
  explicit Recount(const std::filesystem::path& directory)
      : trace_(directory.string()),
        manifest_(json::parse(base::read_whole_file(directory / "manifest.json"))) {}

  std::vector<RecountedRecord> gradients(const RecountPlan& plan) const {
    std::vector<RecountedRecord> records;
    for (const json& gemm : manifest_.at("gemms")) {
      if (gemm.at("phase") != "backward_weight") continue;
      const json &input = quantizer(gemm.at("left").at(0)), &gradient = quantizer(gemm.at("right").at(0));
      if (gradient.at("source").is_null()) continue;
      records.push_back(record_of(layer(gemm.at("layer")), input, gradient, plan));
    }
    const auto order = [&](const RecountedRecord& r) { return std::pair(id_of(r.layer), r.step); };
    std::ranges::sort(records, {}, order);
    return records;
  }

  std::map<std::string, std::map<int, std::uint64_t>> codes() const {
    std::map<std::string, std::map<int, std::uint64_t>> counts;
    for (const json& record : manifest_.at("quantizers")) {
      if (record.at("role") != "gradient") continue;
      const std::string tensor = record.at("codes");
      for (const unsigned code :
           codes_of(trace_.read_codes(tensor), elements_of(shape_of(manifest_, tensor))))
        ++counts[layer(record.at("layer")).at("name")][fp4_value(code)];
    }
    return counts;
  }

 private:
  const json& layer(int id) const {
    return *std::ranges::find_if(manifest_.at("layers"), [&](const json& l) { return l.at("id") == id; });
  }
  const json& quantizer(const std::string& id) const {
    return *std::ranges::find_if(manifest_.at("quantizers"), [&](const json& q) { return q.at("id") == id; });
  }
  int id_of(const std::string& name) const {
    return std::ranges::find_if(manifest_.at("layers"), [&](const json& l) { return l.at("name") == name; })
        ->at("id");
  }

  RecountedRecord record_of(const json& layer, const json& input, const json& gradient,
                            const RecountPlan& plan) const {
    RecountedRecord record{
        layer.at("name"), gradient.at("alpha"), gradient.at("maximum"), gradient.at("step"), 0, 16, {}};
    const bool draws = gradient.at("rule") == "luq_fp4";
    if (draws) record.random_bits = gradient.at("random_bits");
    const auto shape = shape_of(manifest_, gradient.at("codes"));
    record.batch = shape[0];
    const std::int64_t images = std::min(record.batch, plan.most_images);
    const std::size_t compared =
        elements_of(shape) / static_cast<std::size_t>(record.batch) * static_cast<std::size_t>(images);

    const std::vector<float> source = trace_.read_fp32(gradient.at("source"));
    const std::vector<Real> exact_dz(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(compared));
    const Window window(layer);
    const Tensor x = decoded_input(input);
    const std::vector<Real> exact = weight_gradient(window, x, {shape, exact_dz}, images);
    if (inner(exact, exact) == 0) return record;

    traces::QuantizerTask task;
    task.source = source;
    task.random_bits = record.random_bits;
    task.alpha = record.alpha == "pow2" ? traces::Alpha::pow2 : traces::Alpha::exact;
    if (record.maximum == "hindsight") task.maximum = from_hex(gradient.at("max_used"));
    std::vector<std::vector<Real>> dz, dw;
    const auto add = [&](traces::Rule rule, unsigned sample) {
      task.rule = rule;
      task.draws = {manifest_.at("run").at("seed"), gradient.at("step"), layer.at("id"), sample};
      const traces::QuantizerResult result = exact::quantize(task);
      std::vector<Real>& values = dz.emplace_back();
      for (const unsigned code : codes_of(result.codes, compared))
        values.push_back(static_cast<Real>(fp4_value(code)) * static_cast<Real>(result.scale));
      dw.push_back(weight_gradient(window, x, {shape, values}, images));
    };
    for (unsigned sample = 0; sample < plan.trials * plan.samples.back(); ++sample)
      add(traces::Rule::luq_fp4, sample);
    for (const unsigned samples : plan.samples)
      record.effects.push_back(effect_of("luq", samples, plan.trials, exact_dz, dz, dw, exact));
    const float largest =
        std::fabs(*std::ranges::max_element(source, {}, [](float v) { return std::fabs(v); }));
    const float maximum = exact::maximum_used(task.maximum.value_or(largest), task.alpha);
    expect(record, window, x, shape, exact_dz, exact, maximum, images);
    dz.clear();
    dw.clear();
    add(traces::Rule::nearest_fp4, 0);
    record.effects.push_back(effect_of("nearest", 1, 1, exact_dz, dz, dw, exact));
    return record;
  }

  /// dW of the mean of every element, and the variances of independent elements.
  static void expect(RecountedRecord& record, const Window& window, const Tensor& x,
                     const std::vector<std::int64_t>& shape, const std::vector<Real>& exact_dz,
                     const std::vector<Real>& exact, float maximum, std::int64_t images) {
    std::vector<Real> mean, variance, zero;
    const Real alpha = static_cast<Real>(maximum) / 64;
    for (const Real dz : exact_dz) {
      const Levels levels = levels_of(static_cast<float>(dz), maximum, record.random_bits);
      const Real magnitude = alpha * (levels.low * (1 - levels.up) + levels.high * levels.up);
      const Real square =
          alpha * alpha * (levels.low * levels.low * (1 - levels.up) + levels.high * levels.high * levels.up);
      mean.push_back(dz < 0 ? -magnitude : magnitude);
      variance.push_back(square - magnitude * magnitude);
      zero.push_back(levels.low == 0 ? 1 - levels.up : 0);
    }
    Tensor squares = x;
    for (Real& value : squares.values) value *= value;
    const std::vector<Real> dw = weight_gradient(window, x, {shape, mean}, images);
    Real bias = 0, noise = 0;
    for (std::size_t i = 0; i < dw.size(); ++i) bias += (dw[i] - exact[i]) * (dw[i] - exact[i]);
    for (const Real one : weight_gradient(window, squares, {shape, variance}, images)) noise += one;
    for (RecountedEffect& effect : record.effects) {
      Real dead = 0, nonzero = 0;
      for (std::size_t i = 0; i < exact_dz.size(); ++i)
        if (exact_dz[i] != 0) {
          ++nonzero;
          dead += std::pow(zero[i], static_cast<Real>(effect.samples));
        }
      effect.expected_gain = static_cast<double>(inner(dw, exact) / inner(exact, exact));
      effect.error_floor = static_cast<double>(std::sqrt(bias / inner(exact, exact)));
      effect.expected_error =
          static_cast<double>(std::sqrt((bias + noise / effect.samples) / inner(exact, exact)));
      effect.expected_dead_share = static_cast<double>(dead / nonzero);
    }
  }

  Tensor decoded_input(const json& input) const {
    const auto shape = shape_of(manifest_, input.at("codes"));
    const auto scale = static_cast<Real>(from_hex(input.at("scale")));
    const bool is_unsigned = input.at("rule") == "sawb_uint4";
    std::vector<Real> values;
    for (const unsigned code : codes_of(trace_.read_codes(input.at("codes")), elements_of(shape)))
      values.push_back(scale * static_cast<Real>(is_unsigned ? static_cast<int>(code) : int4_value(code)));
    return {shape, values};
  }

  traces::TraceReader trace_;
  json manifest_;
};

}  // namespace

std::vector<RecountedRecord> recount_gradients(const std::filesystem::path& trace, const RecountPlan& plan) {
  return Recount(trace).gradients(plan);
}

std::map<std::string, std::map<int, std::uint64_t>> recount_gradient_codes(
    const std::filesystem::path& trace) {
  return Recount(trace).codes();
}

}  // namespace quatrain::tests
