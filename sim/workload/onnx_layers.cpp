#include "sim/workload/onnx_layers.hpp"

#include "traces/base/error.hpp"
#include "traces/base/joined.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace quatrain::sim {
namespace {

constexpr std::int64_t largest_size = std::numeric_limits<std::int32_t>::max();

enum class Kind : std::uint8_t { convolution, gemm, matmul };

/// Which inputs an operator multiplies.
struct Product {
  std::string_view op;
  Kind kind;
  std::size_t left, right;
};
constexpr std::array<Product, 7> products = {{{"Conv", Kind::convolution, 0, 1},
                                              {"ConvInteger", Kind::convolution, 0, 1},
                                              {"QLinearConv", Kind::convolution, 0, 3},
                                              {"Gemm", Kind::gemm, 0, 1},
                                              {"MatMul", Kind::matmul, 0, 1},
                                              {"MatMulInteger", Kind::matmul, 0, 1},
                                              {"QLinearMatMul", Kind::matmul, 0, 3}}};

/// Operators with products that are not taken apart here.
constexpr std::array<std::string_view, 6> other_products = {"ConvTranspose", "Einsum", "RNN",
                                                            "LSTM",          "GRU",    "DeformConv"};

/// Operators that have parameters of their own, beside the products.
constexpr std::array<std::string_view, 6> trained = {"BatchNormalization",
                                                     "InstanceNormalization",
                                                     "LayerNormalization",
                                                     "GroupNormalization",
                                                     "PRelu",
                                                     "Gather"};

bool is_among(std::string_view op, const auto& words) {
  return std::ranges::find(words, op) != std::end(words);
}

const Product* product_of(const OnnxNode& node) {
  const auto found = std::ranges::find(products, node.op, &Product::op);
  return found == products.end() || !node.domain.empty() ? nullptr : &*found;
}

std::string text_of(const OnnxShape& shape) {
  std::vector<std::string> sizes;
  for (const std::int64_t size : shape) sizes.push_back(size < 0 ? "?" : fmt::format("{}", size));
  return sizes.empty() ? "a single number" : base::joined(sizes, " x ");
}

/// A name as tables may have it.
std::string layer_name(const OnnxNode& node) {
  std::string name = !node.name.empty() ? node.name : node.outputs.empty() ? node.op : node.outputs.front();
  for (char& c : name)
    if (c < ' ' || c == 0x7F || c == '"' || c == ',') c = '_';
  return name;
}

/// One node as a layer.
class Lowering {
 public:
  Lowering(const OnnxGraph& graph, const OnnxNode& node) : graph_(graph), node_(node) {}

  /// Nothing for a convolution of more than two dimensions.
  std::optional<traces::Geometry> geometry(const Product& product) {
    const OnnxShape left = shape(product.left), right = shape(product.right);
    switch (product.kind) {
      case Kind::convolution:
        return convolution(left, right);
      case Kind::gemm:
        return gemm(left, right);
      case Kind::matmul:
        return matmul(left, right);
    }
    return std::nullopt;
  }

  bool is_dilated() const { return is_dilated_; }

 private:
  template <typename... Arguments>
  base::Error error(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    return base::Error("{}: {}: {}", graph_.file, node_.place(),
                       fmt::format(text, std::forward<Arguments>(arguments)...));
  }

  OnnxShape shape(std::size_t input) const {
    if (input >= node_.inputs.size() || node_.inputs[input].empty())
      throw error("has no input {}; expected one", input);
    return shape_of(node_.inputs[input]);
  }

  OnnxShape shape_of(const std::string& tensor) const {
    const auto found = graph_.shapes.find(tensor);
    const std::string name = base::printable(tensor);
    if (found == graph_.shapes.end())
      throw error("the sizes of '{}' do not follow from those of the inputs; expected --shape for {}", name,
                  base::joined(graph_.inputs));
    for (const std::int64_t size : found->second)
      if (size < 1 || size > largest_size)
        throw error("'{}' has sizes {}; expected {}", name, text_of(found->second),
                    size == -1 ? fmt::format("--shape for {}", base::joined(graph_.inputs))
                               : fmt::format("numbers from 1 to {}", largest_size));
    return found->second;
  }

  /// An attribute with one number for each axis of the window.
  std::vector<std::int64_t> per_axis(const std::string& attribute, std::size_t count, std::int64_t otherwise,
                                     std::int64_t least) const {
    const auto found = node_.numbers.find(attribute);
    if (found == node_.numbers.end()) return std::vector<std::int64_t>(count, otherwise);
    const std::vector<std::int64_t>& numbers = found->second;
    if (numbers.size() != count ||
        std::ranges::any_of(numbers, [&](std::int64_t n) { return n < least || n > largest_size; }))
      throw error("{} is {}; expected {} numbers from {} on", attribute, base::joined(numbers, ","), count,
                  least);
    return numbers;
  }

  struct Axis {
    std::int64_t inputs, taps, stride, dilation, before, after;

    std::int64_t reach() const { return (taps - 1) * dilation + 1; }
    std::int64_t outputs() const {
      const std::int64_t room = inputs + before + after - reach();
      return room < 0 ? 0 : room / stride + 1;
    }
    /// SAME: ceil(inputs / stride) results; an odd row of padding goes behind (or, of SAME_LOWER, before).
    void pad_same(bool more_before) {
      const std::int64_t results = (inputs + stride - 1) / stride;
      const std::int64_t all = std::max<std::int64_t>(0, (results - 1) * stride + reach() - inputs);
      before = more_before ? (all + 1) / 2 : all / 2;
      after = all - before;
    }
    /// Of the first tap. Taps that are apart are counted side by side, in the middle of their window.
    std::int64_t padding() const { return before - (reach() - taps) / 2; }
  };

  std::vector<Axis> axes(const OnnxShape& input, const OnnxShape& weight) const {
    const std::size_t count = input.size() - 2;
    const auto strides = per_axis("strides", count, 1, 1), dilations = per_axis("dilations", count, 1, 1),
               pads = per_axis("pads", 2 * count, 0, 0);
    const auto word = node_.words.find("auto_pad");
    const std::string padding = word == node_.words.end() ? "NOTSET" : word->second;
    if (!is_among(padding, std::array{"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"}))
      throw error("auto_pad is '{}'; expected NOTSET, VALID, SAME_UPPER or SAME_LOWER",
                  base::printable(padding));
    std::vector<Axis> all;
    for (std::size_t i = 0; i < count; ++i) {
      Axis& axis = all.emplace_back(
          Axis{input[i + 2], weight[i + 2], strides[i], dilations[i], pads[i], pads[count + i]});
      if (padding == "VALID") axis.before = axis.after = 0;
      if (padding.starts_with("SAME")) axis.pad_same(padding == "SAME_LOWER");
      if (axis.outputs() < 1)
        throw error("a window of {} on {} with padding {} and {} gives no result; expected one that fits",
                    axis.reach(), axis.inputs, axis.before, axis.after);
    }
    return all;
  }

  std::optional<traces::Geometry> convolution(const OnnxShape& input, const OnnxShape& weight) {
    if (input.size() < 3 || weight.size() != input.size())
      throw error("multiplies {} by {}; expected an input and a weight with at least 3 sizes each",
                  text_of(input), text_of(weight));
    if (input.size() > 4) return std::nullopt;
    traces::Geometry g;
    g.batch = input[0], g.in_channels = input[1], g.out_channels = weight[0];
    g.groups = node_.number("group", 1);
    if (g.out_channels % g.groups != 0 || weight[1] * g.groups != g.in_channels)
      throw error(
          "{} channels, {} groups and a weight of {}; expected channels and filters that the groups "
          "share",
          g.in_channels, g.groups, text_of(weight));
    std::vector<Axis> window = axes(input, weight);
    if (const auto kernel = node_.numbers.find("kernel_shape");
        kernel != node_.numbers.end() &&
        !std::equal(kernel->second.begin(), kernel->second.end(), weight.begin() + 2, weight.end()))
      throw error("kernel_shape is {} and the weight {}; expected the same kernel",
                  base::joined(kernel->second, ","), text_of(weight));
    if (window.size() == 1) window.insert(window.begin(), Axis{1, 1, 1, 1, 0, 0});
    is_dilated_ = std::ranges::any_of(window, [](const Axis& axis) { return axis.reach() != axis.taps; });
    g.height = window[0].inputs, g.width = window[1].inputs;
    g.kernel_height = window[0].taps, g.kernel_width = window[1].taps;
    g.stride_height = window[0].stride, g.stride_width = window[1].stride;
    g.padding_height = window[0].padding(), g.padding_width = window[1].padding();
    g.out_height = window[0].outputs(), g.out_width = window[1].outputs();
    return g;
  }

  void require_common_k(std::int64_t left, std::int64_t right, const OnnxShape& a, const OnnxShape& b) const {
    if (left != right)
      throw error("multiplies {} by {}; expected a size k that both have", text_of(a), text_of(b));
  }

  traces::Geometry gemm(const OnnxShape& a, const OnnxShape& b) const {
    if (a.size() != 2 || b.size() != 2)
      throw error("multiplies {} by {}; expected matrices", text_of(a), text_of(b));
    const bool turn_a = node_.number("transA", 0) != 0, turn_b = node_.number("transB", 0) != 0;
    require_common_k(a[turn_a ? 0 : 1], b[turn_b ? 1 : 0], a, b);
    return gemm_geometry(a[turn_a ? 1 : 0], b[turn_b ? 0 : 1], a[turn_a ? 0 : 1], 1);
  }

  std::int64_t counted(std::int64_t a, std::int64_t b) const {
    if (a > largest_size / b) throw error("{} x {} of a kind; expected at most {}", a, b, largest_size);
    return a * b;
  }

  /// As numpy.matmul: sizes before the last two are one product each; a list is a row on the left and a
  /// column on the right.
  traces::Geometry matmul(OnnxShape a, OnnxShape b) const {
    if (a.empty() || b.empty()) throw error("multiplies {} by {}; expected matrices", text_of(a), text_of(b));
    const OnnxShape left = a, right = b;
    if (a.size() == 1) a = {1, left.front()};
    if (b.size() == 1) b = {right.front(), 1};
    const std::int64_t m = a[a.size() - 2], k = a.back(), n = b.back();
    require_common_k(k, b[b.size() - 2], left, right);
    a.resize(a.size() - 2), b.resize(b.size() - 2);
    if (std::ranges::all_of(b, [](std::int64_t size) { return size == 1; })) {  // one right operand for all
      std::int64_t rows = m;
      for (const std::int64_t size : a) rows = counted(rows, size);
      return gemm_geometry(rows, n, k, 1);
    }
    const std::size_t axes = std::max(a.size(), b.size());
    a.insert(a.begin(), axes - a.size(), 1), b.insert(b.begin(), axes - b.size(), 1);
    std::int64_t groups = 1;
    for (std::size_t i = 0; i < axes; ++i) {
      if (a[i] != b[i] && a[i] != 1 && b[i] != 1)
        throw error("multiplies {} by {}; expected sizes that are equal or 1", text_of(left), text_of(right));
      groups = counted(groups, std::max(a[i], b[i]));
    }
    counted(groups, std::max(k, n));
    return gemm_geometry(m, n, k, groups);
  }

  const OnnxGraph& graph_;
  const OnnxNode& node_;
  bool is_dilated_ = false;
};

/// "Relu 17, Add 8", the most frequent first.
std::string counts_text(const std::map<std::string, std::uint64_t>& counts) {
  std::vector<std::pair<std::string, std::uint64_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, std::ranges::greater(), &std::pair<std::string, std::uint64_t>::second);
  std::vector<std::string> words;
  for (const auto& [op, count] : sorted) words.push_back(fmt::format("{} {}", base::printable(op), count));
  return base::joined(words);
}

class Network {
 public:
  explicit Network(const OnnxGraph& graph) : graph_(graph), constants_(graph.weights) {}

  OnnxLayers layers() {
    for (const OnnxNode& node : graph_.nodes) add(node);
    if (found_.layers.empty())
      throw base::Error("{}: found no matrix product; expected Conv, Gemm or MatMul", graph_.file);
    add_notes();
    return std::move(found_);
  }

 private:
  void add(const OnnxNode& node) {
    require_consistent_elements(node);
    const bool is_constant = std::ranges::all_of(
        node.inputs, [&](const std::string& name) { return name.empty() || constants_.contains(name); });
    if (is_constant && !node.has_subgraph) {  // computed once, not in every pass
      constants_.insert(node.outputs.begin(), node.outputs.end());
      return;
    }
    if (const Product* product = product_of(node))
      add_product(node, *product);
    else
      add_other(node);
    const bool has_parameters = product_of(node) != nullptr || has_weights(node);
    const bool follows = std::ranges::any_of(
        node.inputs, [&](const std::string& name) { return behind_weights_.contains(name); });
    if (has_parameters || follows) behind_weights_.insert(node.outputs.begin(), node.outputs.end());
  }

  bool has_weights(const OnnxNode& node) const {
    return is_among(node.op, other_products) ||
           (is_among(node.op, trained) && std::ranges::any_of(node.inputs, [&](const std::string& name) {
              return constants_.contains(name);
            }));
  }

  void add_product(const OnnxNode& node, const Product& product) {
    Lowering lowering(graph_, node);
    const std::optional<traces::Geometry> geometry = lowering.geometry(product);
    if (!geometry) {
      products_left_out_.push_back(fmt::format("Conv of three dimensions '{}'", layer_name(node)));
      return;
    }
    if (lowering.is_dilated()) dilated_.push_back(layer_name(node));
    const std::string& left = node.inputs[product.left];
    found_.layers.push_back(
        {.name = layer_name(node),
         .geometry = *geometry,
         .wants_input_gradient = constants_.contains(left) || behind_weights_.contains(left)});
  }

  void add_other(const OnnxNode& node) {
    if (!node.domain.empty())
      ++foreign_[fmt::format("{}.{}", node.domain, node.op)];
    else if (node.has_subgraph)
      ++subgraphs_[node.op];
    else if (is_among(node.op, other_products))
      products_left_out_.push_back(fmt::format("{} '{}'", node.op, layer_name(node)));
    else
      ++others_[node.op];
  }

  /// A file that was made for one batch may have its sizes written into Reshape, which then loses elements.
  void require_consistent_elements(const OnnxNode& node) const {
    if (node.op != "Reshape" || node.inputs.empty() || node.outputs.empty()) return;
    const auto elements = [&](const std::string& name) -> std::optional<double> {
      const auto found = graph_.shapes.find(name);
      if (found == graph_.shapes.end()) return std::nullopt;
      double product = 1;
      for (const std::int64_t size : found->second) {
        if (size < 0) return std::nullopt;
        product *= static_cast<double>(size);
      }
      return product;
    };
    const auto from = elements(node.inputs[0]), to = elements(node.outputs[0]);
    if (from && to && *from != *to)
      throw base::Error("{}: {}: makes {} out of {}; the file was made for other sizes of its inputs",
                        graph_.file, node.place(), text_of(graph_.shapes.at(node.outputs[0])),
                        text_of(graph_.shapes.at(node.inputs[0])));
  }

  void add_notes() {
    for (const std::string& input : graph_.inputs)
      if (const auto shape = graph_.shapes.find(input); shape != graph_.shapes.end()) {
        found_.notes.push_back(
            fmt::format("input '{}' is {}", base::printable(input), text_of(shape->second)));
        if (&input == &graph_.inputs.front() && !shape->second.empty()) found_.batch = shape->second[0];
      }
    note("products that are not modelled, and so are not in it: {}", base::joined(products_left_out_));
    note("operators of other standards are not in it, whatever they compute: {}", counts_text(foreign_));
    note("what stands inside control flow is not in it: {}", counts_text(subgraphs_));
    note("operators without matrix products are not in it: {}", counts_text(others_));
    note(
        "dilated: {}; MACs are exact, but the input that a window covers is counted as if its taps stood "
        "side by side",
        base::joined(dilated_));
  }

  void note(fmt::format_string<const std::string&> text, const std::string& what) {
    if (!what.empty()) found_.notes.push_back(fmt::format(text, what));
  }

  const OnnxGraph& graph_;
  OnnxLayers found_;
  std::set<std::string> constants_, behind_weights_;
  std::vector<std::string> products_left_out_, dilated_;
  std::map<std::string, std::uint64_t> foreign_, subgraphs_, others_;
};

}  // namespace

std::int64_t OnnxNode::number(const std::string& attribute, std::int64_t otherwise) const {
  const auto found = numbers.find(attribute);
  return found == numbers.end() || found->second.empty() ? otherwise : found->second.front();
}

std::string OnnxNode::place() const {
  const std::string called = !name.empty() ? name : outputs.empty() ? "" : outputs.front();
  return fmt::format("{} '{}'", base::printable(op), base::printable(called));
}

OnnxLayers onnx_layers(const OnnxGraph& graph) { return Network(graph).layers(); }

}  // namespace quatrain::sim
