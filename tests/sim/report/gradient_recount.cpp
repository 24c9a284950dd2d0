#include "tests/sim/report/gradient_recount.hpp"

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

/// Trials of `samples` each, one after the other.
RecountedEffect effect_of(const std::string& rule, unsigned samples, const std::vector<Real>& exact_dz,
                          const std::vector<std::vector<Real>>& dz, const std::vector<std::vector<Real>>& dw,
                          const std::vector<Real>& exact) {
  RecountedEffect effect{rule, samples, static_cast<unsigned>(dw.size()) / samples, 0, 0, 0, std::nullopt};
  std::vector<Real> gains;
  Real squares = 0;
  std::size_t dead = 0, alive = 0;
  for (std::size_t first = 0; first < dw.size(); first += samples) {
    std::vector<Real> mean(exact.size()), error;
    for (std::size_t i = 0; i < mean.size(); ++i) {
      for (std::size_t s = first; s < first + samples; ++s) mean[i] += dw[s][i];
      mean[i] /= samples;
      error.push_back(mean[i] - exact[i]);
    }
    gains.push_back(inner(mean, exact) / inner(exact, exact));
    squares += inner(error, error) / inner(exact, exact);
    for (std::size_t i = 0; i < exact_dz.size(); ++i) {
      if (exact_dz[i] == 0) continue;
      bool lives = false;
      for (std::size_t s = first; s < first + samples; ++s) lives = lives || dz[s][i] != 0;
      ++(lives ? alive : dead);
    }
  }
  Real sum = 0, squared = 0;
  for (const Real gain : gains) sum += gain;
  const Real mean = sum / static_cast<Real>(gains.size());
  for (const Real gain : gains) squared += (gain - mean) * (gain - mean);
  effect.gain = static_cast<double>(mean);
  if (gains.size() > 1)
    effect.gain_deviation = static_cast<double>(std::sqrt(squared / static_cast<Real>(gains.size() - 1)));
  effect.relative_error = static_cast<double>(std::sqrt(squares / static_cast<Real>(gains.size())));
  effect.dead_share = static_cast<double>(dead) / static_cast<double>(dead + alive);
  return effect;
}

class Recount {
 public:
  explicit Recount(const std::filesystem::path& directory)
      : trace_(directory.string()),
        manifest_(json::parse(base::read_whole_file(directory / "manifest.json"))) {}

  std::vector<RecountedRecord> gradients(std::int64_t most_images) const {
    std::vector<RecountedRecord> records;
    for (const json& gemm : manifest_.at("gemms")) {
      if (gemm.at("phase") != "backward_weight") continue;
      const json &input = quantizer(gemm.at("left").at(0)), &gradient = quantizer(gemm.at("right").at(0));
      if (gradient.at("source").is_null()) continue;
      records.push_back(record_of(layer(gemm.at("layer")), input, gradient, most_images));
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
                            std::int64_t most_images) const {
    RecountedRecord record{
        layer.at("name"), gradient.at("alpha"), gradient.at("maximum"), gradient.at("step"), 0, 16, {}};
    const bool draws = gradient.at("rule") == "luq_fp4";
    if (draws) record.random_bits = gradient.at("random_bits");
    const auto shape = shape_of(manifest_, gradient.at("codes"));
    record.batch = shape[0];
    const std::int64_t images = std::min(record.batch, most_images);
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
    for (unsigned sample = 0; sample < 16; ++sample) add(traces::Rule::luq_fp4, sample);
    for (const unsigned samples : {1U, 4U, 16U})
      record.effects.push_back(effect_of("luq", samples, exact_dz, dz, dw, exact));
    dz.clear();
    dw.clear();
    add(traces::Rule::nearest_fp4, 0);
    record.effects.push_back(effect_of("nearest", 1, exact_dz, dz, dw, exact));
    return record;
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

std::vector<RecountedRecord> recount_gradients(const std::filesystem::path& trace, std::int64_t most_images) {
  return Recount(trace).gradients(most_images);
}

std::map<std::string, std::map<int, std::uint64_t>> recount_gradient_codes(
    const std::filesystem::path& trace) {
  return Recount(trace).codes();
}

}  // namespace quatrain::tests
