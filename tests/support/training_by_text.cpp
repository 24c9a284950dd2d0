#include "tests/support/training_by_text.hpp"

#include "tests/support/exact_oracle.hpp"
#include "traces/base/files.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

namespace quatrain::tests {
namespace {

using Floats = std::vector<float>;
using std::int64_t;

std::size_t at(int64_t index) { return static_cast<std::size_t>(index); }

// Section 5.
float sum_of(const Floats& x) {
  if (x.size() > 4096) {
    Floats sums;
    for (std::size_t i = 0; i < x.size(); i += 4096)
      sums.push_back(sum_of(Floats(x.begin() + static_cast<std::ptrdiff_t>(i),
                                   x.begin() + static_cast<std::ptrdiff_t>(std::min(x.size(), i + 4096)))));
    return sum_of(sums);
  }
  Floats lane(32, 0.0F);
  for (std::size_t i = 0; i < x.size(); ++i) lane[i % 32] = lane[i % 32] + x[i];
  for (std::size_t width : {16, 8, 4, 2, 1})
    for (std::size_t j = 0; j < width; ++j) lane[j] = lane[j] + lane[j + width];
  return lane[0];
}

float mean_of(const Floats& x) { return sum_of(x) / static_cast<float>(x.size()); }

// Section 6.
constexpr double ln2_high = 0x1.62e42p-1, ln2_low = 0x1.fdf473de6af28p-22;

float exp_of(float x) {
  if (x < -104) return 0;
  const double k = (static_cast<double>(x) * 0x1.71547652b82fep+0 + 0x1.8p52) - 0x1.8p52;
  const double r = (static_cast<double>(x) - k * ln2_high) - k * ln2_low;
  double factorial[11] = {1};
  for (int i = 1; i <= 10; ++i) factorial[i] = factorial[i - 1] * i;
  double p = 1 / factorial[10];
  for (int i = 9; i >= 0; --i) p = p * r + 1 / factorial[i];
  return static_cast<float>(std::ldexp(p, static_cast<int>(k)));
}

float log_of(float x) {
  int exponent = 0;
  double m = 2 * std::frexp(static_cast<double>(x), &exponent);
  --exponent;
  if (m > 0x1.6a09e6p+0) {
    m = m / 2;
    ++exponent;
  }
  const double s = (m - 1) / (m + 1), s2 = s * s, k = exponent;
  double p = 1.0 / 17;
  for (int d = 15; d >= 1; d -= 2) p = p * s2 + 1.0 / d;
  return static_cast<float>(k * ln2_high + (k * ln2_low + (2 * s) * p));
}

/// A linear layer is a convolution of 1x1 on 1x1.
struct Layer {
  std::string kind;
  std::uint32_t id = 0;
  std::vector<int64_t> inputs;  // ids; -1 is the images
  bool multiplies = false, has_bias = false;
  int64_t c = 0, h = 0, w = 0;    // input of a sample
  int64_t o = 0, oh = 0, ow = 0;  // output
  int64_t kh = 1, kw = 1, sh = 1, sw = 1, ph = 0, pw = 0, groups = 1;
  Floats weight, bias, weight_momentum, bias_momentum;
  float epsilon = 0, momentum = 0;        // of a batch_norm
  Floats running_mean, running_variance;  // its state
  Floats deviation, normalized;           // by channel s, by element z
  std::vector<std::size_t> places;        // a max_pool: where each output stood
  double rate = 0;                        // of a dropout
  std::vector<bool> dropped;
  Floats input, output;  // of the batch at hand; the input is the first one
  Floats gradient;       // of the output: the sum of what the readers handed back, in their order

  /// Calls body(channel, flat index) for all elements of a tensor of the input's size.
  template <typename Body>
  void for_input(int64_t batch, Body&& body) const {
    for (int64_t i = 0; i < batch * c * h * w; ++i) body(at(i / (h * w) % c), at(i));
  }

  /// Calls body(output index, input index) for what lies inside each window of a pooling, row by row.
  template <typename Body>
  void for_windows(int64_t batch, Body&& body) const {
    for (int64_t plane = 0; plane < batch * c; ++plane)
      for (int64_t y = 0; y < oh; ++y)
        for (int64_t x = 0; x < ow; ++x)
          for (int64_t i = 0; i < kh; ++i)
            for (int64_t j = 0; j < kw; ++j) {
              const int64_t row = y * sh + i - ph, column = x * sw + j - pw;
              if (row < 0 || row >= h || column < 0 || column >= w) continue;
              body(at((plane * oh + y) * ow + x), at((plane * h + row) * w + column));
            }
  }

  /// Calls body(x index, w index, z index) for every term of the three products, for one (b, o, ho, wo) after
  /// the other and in it for (c, i, j) ascending.
  template <typename Body>
  void for_terms(int64_t batch, Body&& body) const {
    const int64_t cg = c / groups, og = o / groups;
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t oc = 0; oc < o; ++oc)
        for (int64_t y = 0; y < oh; ++y)
          for (int64_t x = 0; x < ow; ++x)
            for (int64_t ic = 0; ic < cg; ++ic)
              for (int64_t i = 0; i < kh; ++i)
                for (int64_t j = 0; j < kw; ++j) {
                  const int64_t row = y * sh + i - ph, column = x * sw + j - pw;
                  if (row < 0 || row >= h || column < 0 || column >= w) continue;
                  const int64_t channel = oc / og * cg + ic;
                  body(at(((b * c + channel) * h + row) * w + column), at(((oc * cg + ic) * kh + i) * kw + j),
                       at(((b * o + oc) * oh + y) * ow + x));
                }
  }
};

std::pair<int64_t, int64_t> pair_at(const nlohmann::json& layer, const char* key, int64_t otherwise) {
  if (!layer.contains(key)) return {otherwise, otherwise};
  const nlohmann::json& value = layer.at(key);
  if (value.is_array()) return {value.at(0).get<int64_t>(), value.at(1).get<int64_t>()};
  return {value.get<int64_t>(), value.get<int64_t>()};
}

// Section 2.
void initialize(Layer& layer, std::uint32_t seed) {
  const int64_t fan_in = layer.c / layer.groups * layer.kh * layer.kw;
  const auto bound = static_cast<float>(std::sqrt(6.0 / static_cast<double>(fan_in)));
  layer.weight.resize(at(layer.o * fan_in));
  for (std::size_t i = 0; i < layer.weight.size(); ++i) {
    const std::uint32_t word = exact::draw({seed, 0, layer.id, 0}, i, 32, 1);
    const int64_t odd = 2 * static_cast<int64_t>(word >> 8) + 1 - (1 << 24);
    layer.weight[i] = bound * std::ldexp(static_cast<float>(odd), -24);
  }
  layer.weight_momentum.assign(layer.weight.size(), 0.0F);
  if (layer.has_bias) layer.bias.assign(at(layer.o), 0.0F);
  layer.bias_momentum.assign(layer.bias.size(), 0.0F);
}

void initialize_batch_norm(Layer& layer, const nlohmann::json& words) {
  layer.epsilon = static_cast<float>(words.value("epsilon", 1e-5));
  layer.momentum = static_cast<float>(words.value("momentum", 0.1));
  layer.weight.assign(at(layer.c), 1.0F);
  layer.weight_momentum = layer.bias = layer.bias_momentum = layer.running_mean = Floats(at(layer.c), 0.0F);
  layer.running_variance.assign(at(layer.c), 1.0F);
}

std::vector<Layer> layers_of(const nlohmann::json& config) {
  std::vector<Layer> layers;
  std::map<std::string, int64_t> ids = {{"images", -1}};
  for (const nlohmann::json& words : config.at("layers")) {
    Layer layer;
    const auto id = static_cast<int64_t>(layers.size());
    layer.kind = words.at("kind");
    layer.id = static_cast<std::uint32_t>(id);
    if (words.contains("name")) ids[words.at("name")] = id;
    if (!words.contains("inputs")) layer.inputs = {id - 1};
    if (words.contains("inputs"))
      for (const std::string name : words.at("inputs")) layer.inputs.push_back(ids.at(name));
    int64_t c = 1, h = 28, w = 28;
    if (layer.inputs[0] >= 0) {
      const Layer& before = layers[at(layer.inputs[0])];
      c = before.o;
      h = before.oh;
      w = before.ow;
    }
    layer.c = layer.o = c;
    layer.h = layer.oh = h;
    layer.w = layer.ow = w;
    if (layer.kind == "linear") {
      layer.c = c * h * w;
      layer.h = layer.w = layer.oh = layer.ow = 1;
      layer.o = words.at("out_features");
      layer.multiplies = true;
    } else if (layer.kind == "conv2d" || layer.kind == "max_pool" || layer.kind == "avg_pool") {
      layer.multiplies = layer.kind == "conv2d";
      std::tie(layer.kh, layer.kw) = pair_at(words, "kernel", 1);
      std::tie(layer.sh, layer.sw) = pair_at(words, "stride", 1);
      if (!layer.multiplies)
        std::tie(layer.sh, layer.sw) = pair_at(words, words.contains("stride") ? "stride" : "kernel", 1);
      std::tie(layer.ph, layer.pw) = pair_at(words, "padding", 0);
      layer.groups = words.value("groups", 1);
      if (layer.multiplies) layer.o = words.at("out_channels");
      layer.oh = (h + 2 * layer.ph - layer.kh) / layer.sh + 1;
      layer.ow = (w + 2 * layer.pw - layer.kw) / layer.sw + 1;
    } else if (layer.kind == "global_avg_pool") {
      layer.oh = layer.ow = 1;
    }
    layer.has_bias = layer.multiplies && words.value("bias", true);
    layer.rate = words.value("rate", 0.0);
    if (layer.multiplies) initialize(layer, config.at("seed"));
    if (layer.kind == "batch_norm") initialize_batch_norm(layer, words);
    layers.push_back(layer);
  }
  return layers;
}

struct Images {
  std::string pixels, labels;
  explicit Images(const std::filesystem::path& data, const std::string& prefix)
      : pixels(base::read_whole_file(data / (prefix + "-images-idx3-ubyte")).substr(16)),
        labels(base::read_whole_file(data / (prefix + "-labels-idx1-ubyte")).substr(8)) {}
};

class Training {
 public:
  Training(const nlohmann::json& config, const std::filesystem::path& data)
      : config_(config), layers_(layers_of(config)), train_(data, "train"), test_(data, "t10k") {}

  RunByText run() {
    const int64_t batch = config_.at("batch"), epochs = config_.at("epochs");
    const auto images = static_cast<int64_t>(train_.labels.size());
    const int64_t steps = (images + batch - 1) / batch;
    RunByText result;
    int64_t t = 0;
    for (int64_t epoch = 0; epoch < epochs; ++epoch) {
      EpochByText figures;
      Floats losses;
      const std::vector<int64_t> order = order_of(epoch, images);
      for (int64_t begin = 0; begin < images; begin += batch, ++t) {
        const std::vector<int64_t> samples(order.begin() + begin,
                                           order.begin() + std::min(images, begin + batch));
        figures.learning_rate = rate(t, steps, epochs);
        const Floats of_batch = step(samples, figures.learning_rate, t);
        result.step_losses.push_back(mean_of(of_batch));
        losses.insert(losses.end(), of_batch.begin(), of_batch.end());
      }
      figures.step = t;
      figures.train_loss = mean_of(losses);
      evaluate(figures);
      write_state(figures, epoch + 1);
      result.epochs.push_back(figures);
    }
    return result;
  }

 private:
  // Section 3.
  std::vector<int64_t> order_of(int64_t epoch, int64_t images) const {
    std::vector<int64_t> order(at(images));
    std::iota(order.begin(), order.end(), 0);
    for (int64_t i = images - 1; i >= 1; --i) {
      const std::uint64_t word = exact::draw({config_.at("seed"), static_cast<std::uint32_t>(epoch), 0, 0},
                                             static_cast<std::uint64_t>(i), 32, 2);
      std::swap(order[at(i)], order[(word * static_cast<std::uint64_t>(i + 1)) >> 32]);
    }
    return order;
  }

  // Section 11.
  float rate(int64_t t, int64_t steps, int64_t epochs) const {
    const nlohmann::json& words = config_.at("learning_rate");
    double rate = words.at("from");
    if (words.at("schedule") == "linear") {
      const double to = words.at("to");
      return static_cast<float>(rate +
                                (to - rate) * (static_cast<double>(t) / static_cast<double>(epochs * steps)));
    }
    for (int64_t times = t / steps / words.at("every").get<int64_t>(); times > 0; --times)
      rate = rate * words.at("factor").get<double>();
    return static_cast<float>(rate);
  }

  // Sections 4 and 7. Returns the logits.
  const Floats& forward(const Images& images, const std::vector<int64_t>& samples, bool trains, int64_t t) {
    const auto mean = static_cast<float>(config_.at("data").at("mean").get<double>());
    const auto std = static_cast<float>(config_.at("data").at("std").get<double>());
    Floats pixels;
    for (const int64_t sample : samples)
      for (int64_t pixel = 0; pixel < 784; ++pixel) {
        const auto byte = static_cast<unsigned char>(images.pixels[at(sample * 784 + pixel)]);
        pixels.push_back((static_cast<float>(byte) / 255.0F - mean) / std);
      }
    const auto batch = static_cast<int64_t>(samples.size());
    for (Layer& layer : layers_) {
      const auto input = [&](int64_t id) { return id < 0 ? pixels : layers_[at(id)].output; };
      layer.input = input(layer.inputs[0]);
      if (layer.multiplies) multiply(layer, batch);
      if (layer.kind == "batch_norm") normalize(layer, batch, trains);
      if (layer.kind == "relu") {
        layer.output = layer.input;
        for (float& y : layer.output) y = y > 0 ? y : 0.0F;
      }
      if (layer.kind == "add") {
        layer.output = layer.input;
        for (std::size_t i = 1; i < layer.inputs.size(); ++i) {
          const Floats x = input(layer.inputs[i]);
          for (std::size_t e = 0; e < x.size(); ++e) layer.output[e] = layer.output[e] + x[e];
        }
      }
      if (layer.kind.ends_with("_pool")) pool(layer, batch);
      if (layer.kind == "dropout") drop(layer, trains, t);
    }
    return layers_.back().output;
  }

  static void multiply(Layer& layer, int64_t batch) {
    layer.output.assign(at(batch * layer.o * layer.oh * layer.ow), 0.0F);
    layer.for_terms(batch, [&](std::size_t i, std::size_t w, std::size_t z) {
      layer.output[z] = std::fma(layer.input[i], layer.weight[w], layer.output[z]);
    });
    const int64_t plane = layer.oh * layer.ow;
    if (layer.has_bias)
      for (std::size_t z = 0; z < layer.output.size(); ++z)
        layer.output[z] = layer.output[z] + layer.bias[z / at(plane) % at(layer.o)];
  }

  static std::vector<Floats> by_channel(const Layer& layer, int64_t batch, const Floats& elements) {
    std::vector<Floats> channels(at(layer.c));
    layer.for_input(batch, [&](std::size_t c, std::size_t i) { channels[c].push_back(elements[i]); });
    return channels;
  }

  static void normalize(Layer& layer, int64_t batch, bool trains) {
    const auto n = static_cast<float>(batch * layer.h * layer.w);
    const std::vector<Floats> x = by_channel(layer, batch, layer.input);
    layer.deviation.clear();
    Floats mean = layer.running_mean, variance = layer.running_variance;
    for (std::size_t c = 0; c < x.size(); ++c) {
      if (trains) {
        mean[c] = sum_of(x[c]) / n;
        Floats squares;
        for (const float element : x[c]) {
          const float d = element - mean[c];
          squares.push_back(d * d);
        }
        const float q = sum_of(squares), m = layer.momentum, k = 1 - m;
        variance[c] = q / n;
        const float kept_mean = k * layer.running_mean[c], new_mean = m * mean[c];
        layer.running_mean[c] = kept_mean + new_mean;
        const float unbiased = q / std::max(n - 1, 1.0F);
        const float kept_variance = k * layer.running_variance[c], new_variance = m * unbiased;
        layer.running_variance[c] = kept_variance + new_variance;
      }
      const float sum = variance[c] + layer.epsilon, root = std::sqrt(sum);
      layer.deviation.push_back(1 / root);
    }
    layer.normalized.resize(layer.input.size());
    layer.output.resize(layer.input.size());
    layer.for_input(batch, [&](std::size_t c, std::size_t i) {
      const float d = layer.input[i] - mean[c];
      layer.normalized[i] = d * layer.deviation[c];
      const float scaled = layer.weight[c] * layer.normalized[i];
      layer.output[i] = scaled + layer.bias[c];
    });
  }

  static void pool(Layer& layer, int64_t batch) {
    layer.output.assign(at(batch * layer.c * layer.oh * layer.ow), 0.0F);
    layer.places.assign(layer.output.size(), layer.input.size());  // none yet
    if (layer.kind == "max_pool")
      layer.for_windows(batch, [&](std::size_t y, std::size_t x) {
        if (layer.places[y] < layer.input.size() && !(layer.input[x] > layer.output[y])) return;
        layer.output[y] = layer.input[x];
        layer.places[y] = x;
      });
    if (layer.kind == "avg_pool") {
      layer.for_windows(
          batch, [&](std::size_t y, std::size_t x) { layer.output[y] = layer.output[y] + layer.input[x]; });
      for (float& y : layer.output) y = y / static_cast<float>(layer.kh * layer.kw);
    }
    if (layer.kind == "global_avg_pool") {
      const auto plane = static_cast<std::ptrdiff_t>(layer.h * layer.w);
      for (std::size_t y = 0; y < layer.output.size(); ++y) {
        const auto first = layer.input.begin() + static_cast<std::ptrdiff_t>(y) * plane;
        layer.output[y] = mean_of(Floats(first, first + plane));
      }
    }
  }

  void drop(Layer& layer, bool trains, int64_t t) const {
    layer.output = layer.input;
    if (!trains) return;
    layer.dropped.assign(layer.output.size(), false);
    for (std::size_t i = 0; i < layer.output.size(); ++i) {
      const std::uint32_t word =
          exact::draw({config_.at("seed"), static_cast<std::uint32_t>(t), layer.id, 0}, i, 32, 4);
      layer.dropped[i] = static_cast<double>(word) < std::floor(layer.rate * 4294967296.0);
      layer.output[i] = layer.dropped[i] ? 0.0F : layer.input[i] * static_cast<float>(1 / (1 - layer.rate));
    }
  }

  // Section 8. Appends the samples' losses; returns the gradient of the logits.
  static Floats loss_of(const Floats& logits, const std::string& labels, const std::vector<int64_t>& samples,
                        Floats& losses) {
    Floats gradient;
    for (std::size_t s = 0; s < samples.size(); ++s) {
      const auto label = static_cast<std::size_t>(labels[at(samples[s])]);
      const Floats z(logits.begin() + static_cast<std::ptrdiff_t>(10 * s),
                     logits.begin() + static_cast<std::ptrdiff_t>(10 * s + 10));
      const float largest = *std::max_element(z.begin(), z.end());
      Floats e;
      for (const float element : z) e.push_back(exp_of(element - largest));
      const float all = sum_of(e);
      losses.push_back(log_of(all) - (z[label] - largest));
      for (std::size_t j = 0; j < 10; ++j)
        gradient.push_back((e[j] / all - (j == label ? 1.0F : 0.0F)) / static_cast<float>(samples.size()));
    }
    return gradient;
  }

  // Sections 1, 7 and 10. Returns the samples' losses.
  Floats step(const std::vector<int64_t>& samples, float rate, int64_t t) {
    const auto batch = static_cast<int64_t>(samples.size());
    Floats losses;
    for (Layer& layer : layers_) layer.gradient.clear();
    const Floats& logits = forward(train_, samples, true, t);
    layers_.back().gradient = loss_of(logits, train_.labels, samples, losses);
    for (std::size_t l = layers_.size(); l-- > 0;) {
      const Floats dx = backward(layers_[l], batch, rate);
      for (const int64_t id : layers_[l].inputs) {
        if (id < 0) continue;
        Floats& sum = layers_[at(id)].gradient;
        if (sum.empty()) {
          sum = dx;
        } else {
          for (std::size_t i = 0; i < dx.size(); ++i) sum[i] = sum[i] + dx[i];
        }
      }
    }
    return losses;
  }

  /// Returns the gradient of each input, and updates the parameters.
  Floats backward(Layer& layer, int64_t batch, float rate) const {
    const Floats& dy = layer.gradient;
    Floats dx(layer.input.size(), 0.0F);
    if (layer.multiplies) return backward_of_products(layer, batch, rate);
    if (layer.kind == "batch_norm") return backward_of_batch_norm(layer, batch, rate);
    if (layer.kind == "relu")
      for (std::size_t i = 0; i < dx.size(); ++i) dx[i] = layer.output[i] > 0 ? dy[i] : 0.0F;
    if (layer.kind == "add") dx = dy;
    if (layer.kind == "max_pool")
      for (std::size_t y = 0; y < dy.size(); ++y) dx[layer.places[y]] = dx[layer.places[y]] + dy[y];
    if (layer.kind == "avg_pool")
      layer.for_windows(batch, [&](std::size_t y, std::size_t x) {
        const float share = dy[y] / static_cast<float>(layer.kh * layer.kw);
        dx[x] = dx[x] + share;
      });
    if (layer.kind == "global_avg_pool")
      for (std::size_t x = 0; x < dx.size(); ++x)
        dx[x] = dy[x / at(layer.h * layer.w)] / static_cast<float>(layer.h * layer.w);
    if (layer.kind == "dropout")
      for (std::size_t i = 0; i < dx.size(); ++i)
        dx[i] = layer.dropped[i] ? 0.0F : dy[i] * static_cast<float>(1 / (1 - layer.rate));
    return dx;
  }

  Floats backward_of_products(Layer& layer, int64_t batch, float rate) const {
    const Floats& dz = layer.gradient;
    // k of backward_weight runs over (b, ho, wo), as for_terms() does; that of backward_data over (o, i, j):
    // an input element's terms are put in the order of their weights.
    Floats dx(layer.input.size(), 0.0F), dw(layer.weight.size(), 0.0F);
    layer.for_terms(batch, [&](std::size_t i, std::size_t w, std::size_t z) {
      dw[w] = std::fma(layer.input[i], dz[z], dw[w]);
    });
    std::vector<std::vector<std::pair<std::size_t, std::size_t>>> terms(dx.size());
    layer.for_terms(batch, [&](std::size_t i, std::size_t w, std::size_t z) { terms[i].emplace_back(w, z); });
    for (std::size_t i = 0; i < dx.size(); ++i) {
      std::sort(terms[i].begin(), terms[i].end());
      for (const auto& [w, z] : terms[i]) dx[i] = std::fma(dz[z], layer.weight[w], dx[i]);
    }
    update(layer.weight, layer.weight_momentum, dw, rate);
    if (!layer.has_bias) return dx;
    const int64_t plane = layer.oh * layer.ow;
    std::vector<Floats> of_channel(at(layer.o));
    for (std::size_t z = 0; z < dz.size(); ++z) of_channel[z / at(plane) % at(layer.o)].push_back(dz[z]);
    Floats db;
    for (const Floats& elements : of_channel) db.push_back(sum_of(elements));
    update(layer.bias, layer.bias_momentum, db, rate);
    return dx;
  }

  Floats backward_of_batch_norm(Layer& layer, int64_t batch, float rate) const {
    const Floats& dy = layer.gradient;
    const auto n = static_cast<float>(batch * layer.h * layer.w);
    Floats products(dy.size());
    for (std::size_t i = 0; i < dy.size(); ++i) products[i] = dy[i] * layer.normalized[i];
    Floats dw, db, dx(dy.size());
    for (const Floats& elements : by_channel(layer, batch, products)) dw.push_back(sum_of(elements));
    for (const Floats& elements : by_channel(layer, batch, dy)) db.push_back(sum_of(elements));
    layer.for_input(batch, [&](std::size_t c, std::size_t i) {
      const float a = db[c] / n, b = dw[c] / n, factor = layer.weight[c] * layer.deviation[c];
      const float without_mean = dy[i] - a, slope = layer.normalized[i] * b;
      dx[i] = factor * (without_mean - slope);
    });
    update(layer.weight, layer.weight_momentum, dw, rate);
    update(layer.bias, layer.bias_momentum, db, rate);
    return dx;
  }

  void update(Floats& w, Floats& v, const Floats& gradient, float rate) const {
    const auto mu = static_cast<float>(config_.at("optimizer").at("momentum").get<double>());
    const auto wd = static_cast<float>(config_.at("optimizer").at("weight_decay").get<double>());
    for (std::size_t i = 0; i < w.size(); ++i) {
      const float decay = wd * w[i], d = gradient[i] + decay, kept = mu * v[i];
      v[i] = kept + d;
      const float way = rate * v[i];
      w[i] = w[i] - way;
    }
  }

  // Sections 9 and 12.
  void evaluate(EpochByText& figures) {
    const auto images = static_cast<int64_t>(test_.labels.size());
    const int64_t batch = config_.at("evaluation_batch");
    Floats losses;
    for (int64_t begin = 0; begin < images; begin += batch) {
      std::vector<int64_t> samples;
      for (int64_t i = begin; i < std::min(images, begin + batch); ++i) samples.push_back(i);
      const Floats& logits = forward(test_, samples, false, figures.step);
      loss_of(logits, test_.labels, samples, losses);
      for (std::size_t s = 0; s < samples.size(); ++s) {
        const auto row = logits.begin() + static_cast<std::ptrdiff_t>(10 * s);
        figures.correct += std::max_element(row, row + 10) - row == test_.labels[at(samples[s])];
      }
    }
    figures.tested = images;
    figures.test_loss = mean_of(losses);
  }

  // Sections 13 and 14.
  void write_state(EpochByText& figures, int64_t epochs) const {
    const auto bytes = [](const auto& values) {
      return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(values[0]));
    };
    for (const Layer& layer : layers_) {
      figures.state_bytes += bytes(layer.weight) + bytes(layer.bias) + bytes(layer.weight_momentum) +
                             bytes(layer.bias_momentum) + bytes(layer.running_mean) +
                             bytes(layer.running_variance);
      figures.checkpoint_bytes += bytes(layer.weight) + bytes(layer.weight_momentum) + bytes(layer.bias) +
                                  bytes(layer.bias_momentum) + bytes(layer.running_mean) +
                                  bytes(layer.running_variance);
    }
    figures.state_bytes += bytes(std::vector<int64_t>{figures.step, epochs});
  }

  const nlohmann::json& config_;
  std::vector<Layer> layers_;
  Images train_, test_;
};

}  // namespace

RunByText train_by_text(const nlohmann::json& config, const std::filesystem::path& data) {
  return Training(config, data).run();
}

}  // namespace quatrain::tests
