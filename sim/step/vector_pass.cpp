#include "sim/step/vector_pass.hpp"

#include "sim/records/window.hpp"

#include <bit>
#include <cassert>

namespace quatrain::sim {
namespace {

using emu::LayerConfig;
using emu::LayerWord;

std::uint64_t elements(const emu::Extent& extent, std::int64_t batch) {
  return static_cast<std::uint64_t>(extent.elements() * batch);
}

/// Of a pooling: elements that lie in its windows, each counted once for every window.
std::uint64_t elements_in_windows(const LayerConfig& layer, std::int64_t batch) {
  return in_range_macs(emu::with_batch(layer.geometry, batch), 1);
}

/// A bit for each element, in whole bytes.
std::uint64_t bits_as_bytes(std::uint64_t bits) { return (bits + 7) / 8; }

/// Of max_pool: which element of its window each maximum was.
std::uint64_t place_bytes(const LayerConfig& layer, std::uint64_t outputs) {
  const auto area = static_cast<std::uint64_t>(layer.geometry.kernel_height * layer.geometry.kernel_width);
  return bits_as_bytes(outputs * static_cast<unsigned>(std::bit_width(area - 1)));
}

/// The layer's sizes, and passes that begin with its name.
class Passes {
 public:
  Passes(const LayerConfig& layer, StepPart part, std::int64_t batch, const TensorBytes& bytes)
      : layer_(layer),
        part_(part),
        inputs(elements(layer.input, batch)),
        outputs(elements(layer.output, batch)),
        channels(static_cast<std::uint64_t>(layer.output.channels)),
        samples(static_cast<std::uint64_t>(batch)),
        element(bytes.activation) {}

  void add(std::string_view name, const VectorOperations& operations, std::uint64_t read,
           std::uint64_t written) {
    passes.push_back({layer_.name, part_, name, operations, read, written});
  }

 private:
  const LayerConfig& layer_;
  StepPart part_;

 public:
  std::uint64_t inputs, outputs;  ///< elements
  std::uint64_t channels, samples;
  std::uint64_t element;  ///< bytes
  std::vector<VectorPass> passes;
};

void batch_norm_forward(Passes& to) {
  const std::uint64_t n = to.inputs, read = n * to.element;
  to.add("batch_norm mean", {.additions = n, .functions = to.channels}, read, 0);
  to.add("batch_norm variance", {.additions = 2 * n, .multiplications = n, .functions = 4 * to.channels},
         read, 0);
  to.add("batch_norm", {.additions = 2 * n, .multiplications = 2 * n}, read, read);
}

void batch_norm_backward(Passes& to, bool wants_input_gradient) {
  const std::uint64_t n = to.inputs, read = 2 * n * to.element;  // input and gradient
  to.add("batch_norm gradients", {.additions = 3 * n, .multiplications = 2 * n, .functions = 2 * to.channels},
         read, 0);
  if (wants_input_gradient)
    to.add("batch_norm backward", {.additions = 3 * n, .multiplications = 3 * n}, read, n * to.element);
}

}  // namespace

std::string_view name_of(StepPart part) {
  switch (part) {
    case StepPart::forward:
      return "forward";
    case StepPart::loss:
      return "loss";
    case StepPart::backward:
      return "backward";
    case StepPart::update:
      return "update";
  }
  __builtin_unreachable();
}

VectorOperations& VectorOperations::operator+=(const VectorOperations& other) {
  additions += other.additions;
  multiplications += other.multiplications;
  selections += other.selections;
  functions += other.functions;
  draws += other.draws;
  fused += other.fused;
  return *this;
}

std::vector<VectorPass> forward_passes(const LayerConfig& layer, std::int64_t batch,
                                       const TensorBytes& bytes) {
  Passes to(layer, StepPart::forward, batch, bytes);
  const std::uint64_t in = to.inputs, out = to.outputs, b = to.element;
  switch (layer.kind) {
    case LayerWord::conv2d:
    case LayerWord::linear:
      if (layer.has_bias) to.add("bias", {.additions = out}, out * b, out * b);
      break;
    case LayerWord::relu:
      to.add("relu", {.selections = out}, in * b, out * b + bits_as_bytes(out));
      break;
    case LayerWord::batch_norm:
      batch_norm_forward(to);
      break;
    case LayerWord::add: {
      const std::uint64_t terms = layer.inputs.size();
      to.add("add", {.additions = (terms - 1) * out}, terms * out * b, out * b);
      break;
    }
    case LayerWord::max_pool:
      to.add("max_pool", {.selections = elements_in_windows(layer, batch) - out}, in * b,
             out * b + place_bytes(layer, out));
      break;
    case LayerWord::avg_pool:
      to.add("avg_pool", {.additions = elements_in_windows(layer, batch), .functions = out}, in * b, out * b);
      break;
    case LayerWord::global_avg_pool:
      to.add("global_avg_pool", {.additions = in, .functions = out}, in * b, out * b);
      break;
    case LayerWord::dropout:
      to.add("dropout", {.multiplications = out, .selections = out, .draws = out}, in * b, out * b);
      break;
  }
  return to.passes;
}

std::vector<VectorPass> backward_passes(const LayerConfig& layer, std::int64_t batch, std::size_t readers,
                                        const TensorBytes& bytes) {
  Passes to(layer, StepPart::backward, batch, bytes);
  const std::uint64_t in = to.inputs, out = to.outputs, b = to.element;
  if (readers > 1)
    to.add("gradients of readers", {.additions = (readers - 1) * out}, readers * out * b, out * b);
  switch (layer.kind) {
    case LayerWord::conv2d:
    case LayerWord::linear:
      if (layer.has_bias) to.add("bias gradient", {.additions = out}, out * b, 0);
      break;
    case LayerWord::batch_norm:
      batch_norm_backward(to, layer.wants_input_gradient);
      break;
    case LayerWord::relu:
      if (layer.wants_input_gradient)
        to.add("relu backward", {.selections = out}, out * b + bits_as_bytes(out), in * b);
      break;
    case LayerWord::add:
      break;  // each input is handed the same gradient
    case LayerWord::max_pool:
      if (layer.wants_input_gradient)
        to.add("max_pool backward", {.additions = out}, out * b + place_bytes(layer, out), in * b);
      break;
    case LayerWord::avg_pool:
      if (layer.wants_input_gradient)
        to.add("avg_pool backward", {.additions = elements_in_windows(layer, batch), .functions = out},
               out * b, in * b);
      break;
    case LayerWord::global_avg_pool:
      if (layer.wants_input_gradient) to.add("global_avg_pool backward", {.functions = out}, out * b, in * b);
      break;
    case LayerWord::dropout:
      if (layer.wants_input_gradient)
        to.add("dropout backward", {.multiplications = out, .selections = out, .draws = out}, out * b,
               in * b);
      break;
  }
  return to.passes;
}

VectorPass loss_pass(std::int64_t batch, std::int64_t classes, const TensorBytes& bytes) {
  const auto samples = static_cast<std::uint64_t>(batch);
  const std::uint64_t logits = samples * static_cast<std::uint64_t>(classes);
  // maximum; difference, exponential, sum; quotient, minus the label, by the batch; and the loss of a sample
  return {.layer = "",
          .part = StepPart::loss,
          .name = "softmax cross-entropy",
          .operations = {.additions = 3 * logits + 2 * samples,
                         .selections = logits,
                         .functions = 3 * logits + samples},
          .read_bytes = logits * bytes.activation,
          .written_bytes = logits * bytes.activation};
}

std::vector<VectorPass> update_passes(const LayerConfig& layer, const TensorBytes& bytes) {
  std::uint64_t parameters = 0;
  const auto channels = static_cast<std::uint64_t>(layer.output.channels);
  if (layer.multiplies())
    parameters =
        static_cast<std::uint64_t>(weight_elements(layer.geometry)) + (layer.has_bias ? channels : 0);
  else if (layer.kind == LayerWord::batch_norm)
    parameters = 2 * channels;
  if (parameters == 0) return {};
  return {{layer.name,
           StepPart::update,
           "sgd",
           {.additions = 3 * parameters, .multiplications = 3 * parameters},
           parameters * (bytes.activation + 2 * bytes.parameter),  // gradient; parameter, momentum
           parameters * (2 * bytes.parameter + bytes.weight_copy)}};
}

std::uint64_t kept_bytes(const LayerConfig& layer, std::int64_t batch, const TensorBytes& bytes) {
  switch (layer.kind) {
    case LayerWord::batch_norm:
      return elements(layer.input, batch) * bytes.activation;
    case LayerWord::relu:
      return bits_as_bytes(elements(layer.output, batch));
    case LayerWord::max_pool:
      return place_bytes(layer, elements(layer.output, batch));
    case LayerWord::conv2d:
    case LayerWord::linear:
    case LayerWord::add:
    case LayerWord::avg_pool:
    case LayerWord::global_avg_pool:
    case LayerWord::dropout:  // its draws are made again
      return 0;
  }
  __builtin_unreachable();
}

}  // namespace quatrain::sim
