#include "traces/format/records_check.hpp"

#include "traces/base/error.hpp"

#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace quatrain::traces {
namespace {

constexpr float smallest_maximum = 0x1p-100F;  // below it a tensor counts as zero (numerics.md sections 3, 4)

/// One layer in one step and pass: what its records share.
using Place = std::tuple<std::uint32_t, std::uint32_t, Pass>;

template <typename Record>
Place place_of(const Record& record) {
  return {record.layer, record.step, record.pass};
}

/// The natural shape with 0 for sizes that the layer leaves open.
Shape open_shape(const LayerRecord& layer, Role role) {
  return natural_shape(layer.kind, layer.geometry, role);
}

bool fits(const Shape& shape, const Shape& natural) {
  if (shape.size() != natural.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (natural[i] != 0 && shape[i] != natural[i]) return false;
  return true;
}

/// Shape of Z for an input of this shape; a 0 where the kernel does not fit.
Shape output_shape(const LayerRecord& layer, const Shape& input) {
  const Geometry& g = layer.geometry;
  switch (layer.kind) {
    case LayerKind::conv2d:
      return {input[0], g.out_channels,
              output_size(input[2], g.kernel_height, g.stride_height, g.padding_height),
              output_size(input[3], g.kernel_width, g.stride_width, g.padding_width)};
    case LayerKind::linear:
      return {input[0], g.out_channels};
  }
  return {};
}

class RecordsCheck {
 public:
  RecordsCheck(const Manifest& manifest, const std::string& name) : manifest_(manifest), name_(name) {}

  void run() {
    check_layers();
    for (std::size_t i = 0; i < manifest_.quantizers.size(); ++i) check_quantizer(i);
    for (const auto& [place, samples] : gradients_) check_samples(samples);
    for (std::size_t i = 0; i < manifest_.gemms.size(); ++i) check_gemm(i);
    for (const auto& [id, tensor] : manifest_.tensors)
      if (used_.count(id) == 0) throw base::Error("{}: tensor '{}': no record refers to it", name_, id);
  }

 private:
  template <typename... Arguments>
  base::Error fail(std::string_view list, std::size_t index, fmt::format_string<Arguments...> text,
                   Arguments&&... arguments) const {
    return base::Error("{}: /{}/{}: {}", name_, list, index,
                       fmt::format(text, std::forward<Arguments>(arguments)...));
  }

  void check_layers() {
    std::unordered_set<std::string> names;
    for (std::size_t i = 0; i < manifest_.layers.size(); ++i) {
      const LayerRecord& layer = manifest_.layers[i];
      if (!layers_.emplace(layer.id, &layer).second)
        throw fail("layers", i, "{} is the id of an earlier layer", layer.id);
      if (!names.insert(layer.name).second)
        throw fail("layers", i, "'{}' is the name of an earlier layer", layer.name);
    }
  }

  template <typename Record>
  const LayerRecord& layer_of(std::string_view list, std::size_t index, const Record& record) const {
    const auto layer = layers_.find(record.layer);
    if (layer == layers_.end()) throw fail(list, index, "no layer has the id {}", record.layer);
    return *layer->second;
  }

  const TensorRecord& tensor_of(std::string_view list, std::size_t index, const std::string& id,
                                Encoding encoding) {
    const auto tensor = manifest_.tensors.find(id);
    if (tensor == manifest_.tensors.end()) throw fail(list, index, "no tensor has the id '{}'", id);
    if (tensor->second.encoding != encoding)
      throw fail(list, index, "tensor '{}' is {}; expected {}", id, name_of(tensor->second.encoding),
                 name_of(encoding));
    used_.insert(id);
    return tensor->second;
  }

  void check_quantizer(std::size_t i) {
    const QuantizerRecord& record = manifest_.quantizers[i];
    if (!quantizers_.emplace(record.id, &record).second)
      throw fail("quantizers", i, "'{}' is the id of an earlier quantizer", record.id);
    const LayerRecord& layer = layer_of("quantizers", i, record);
    if (!keys_.emplace(place_of(record), record.role, record.sample).second)
      throw fail("quantizers", i, "an earlier record has this layer, step, pass, role and sample");
    const Shape natural = open_shape(layer, record.role);
    const Shape& shape = tensor_of("quantizers", i, record.codes, encoding_of(record.rule)).shape;
    if (!fits(shape, natural))
      throw fail("quantizers", i, "codes of shape {}; expected {} of layer '{}', 0 for any size",
                 text_of(shape), text_of(natural), layer.name);
    if (record.source) {
      const Shape& source = tensor_of("quantizers", i, *record.source, Encoding::fp32).shape;
      if (source != shape)
        throw fail("quantizers", i, "source of shape {}; expected {} as the codes have", text_of(source),
                   text_of(shape));
    }
    std::visit([&](const auto& facts) { check_facts(i, record, facts); }, record.facts);
    switch (record.role) {
      case Role::input:
        inputs_.emplace(place_of(record), shape);
        break;
      case Role::weight:
        break;
      case Role::gradient:
        gradients_[place_of(record)].push_back(i);
        break;
    }
  }

  void check_facts(std::size_t i, const QuantizerRecord& record, const SawbFacts& facts) const {
    if (record.max < smallest_maximum && (record.scale != 0 || facts != SawbFacts{}))
      throw fail("quantizers", i, "max is below 2^-100; expected scale, clip, exponent, count and sums of 0");
  }

  void check_facts(std::size_t i, const QuantizerRecord& record, const Fp4Facts& facts) const {
    const bool is_zero = facts.max_used < smallest_maximum;
    if (is_zero && record.scale != 0)
      throw fail("quantizers", i, "max_used is below 2^-100; expected a scale of 0");
    if ((record.maximum == Maximum::measured || is_zero) && facts.max_used != record.max)
      throw fail("quantizers", i, "max_used differs from max; expected the measured one");
  }

  /// `indices`: the gradient records of one layer and step.
  void check_samples(const std::vector<std::size_t>& indices) const {
    const QuantizerRecord& first = manifest_.quantizers[indices[0]];
    const std::size_t count = indices.size();
    std::set<std::uint32_t> samples;
    for (const std::size_t i : indices) {
      QuantizerRecord record = manifest_.quantizers[i];
      samples.insert(record.sample);
      record.id = first.id;
      record.codes = first.codes;
      record.sample = first.sample;
      if (record != first)
        throw fail("quantizers", i, "differs from '{}' in more than id, codes and sample", first.id);
    }
    const bool draws = info_of(first.rule).draws;
    const bool is_count_legal = draws ? is_sample_count(static_cast<std::int64_t>(count)) : count == 1;
    if (*samples.rbegin() + 1 != count || !is_count_legal)
      throw fail("quantizers", indices[0], "samples {} of layer {} in step {}; expected {}",
                 text_of({samples.begin(), samples.end()}), first.layer, first.step,
                 draws ? "0 to N - 1 with N from 1 to 16" : "0 alone");
  }

  /// Shape of the operand's codes.
  const Shape& check_operand(std::size_t i, const GemmRecord& gemm, const std::string& id, Role role,
                             std::uint32_t sample) const {
    const auto found = quantizers_.find(id);
    if (found == quantizers_.end()) throw fail("gemms", i, "no quantizer has the id '{}'", id);
    const QuantizerRecord& record = *found->second;
    if (place_of(record) != place_of(gemm) || record.role != role || record.sample != sample)
      throw fail("gemms", i, "operand '{}' is not the {} (sample {}) of this layer, step and pass", id,
                 name_of(role), sample);
    return manifest_.tensors.at(record.codes).shape;
  }

  void check_gemm(std::size_t i) {
    const GemmRecord& gemm = manifest_.gemms[i];
    const LayerRecord& layer = layer_of("gemms", i, gemm);
    if (!phases_.emplace(place_of(gemm), gemm.phase).second)
      throw fail("gemms", i, "an earlier record has this layer, step, pass and phase");
    if (gemm.pass == Pass::evaluation && gemm.phase != Phase::forward)
      throw fail("gemms", i, "'{}' in an evaluation; expected forward only", name_of(gemm.phase));
    check_operand_counts(i, gemm);
    switch (gemm.phase) {
      case Phase::forward:
        check_forward(i, gemm, layer);
        break;
      case Phase::backward_data:
        check_backward_data(i, gemm, layer);
        break;
      case Phase::backward_weight:
        check_backward_weight(i, gemm, layer);
        break;
    }
    const auto codes = [&](const std::vector<std::string>& operands) -> const Shape& {
      return manifest_.tensors.at(quantizers_.at(operands[0])->codes).shape;
    };
    const GemmSize size =
        gemm_size(gemm.phase, geometry_of(layer, gemm, codes(gemm.left), codes(gemm.right)));
    if (gemm.size != size)
      throw fail("gemms", i, "m n k groups are {} {} {} {}; expected {} {} {} {}", gemm.size.m, gemm.size.n,
                 gemm.size.k, gemm.size.groups, size.m, size.n, size.k, size.groups);
    check_result(i, gemm, "accumulators", gemm.accumulators,
                 gemm.accumulator.is_float() ? Encoding::fp32 : Encoding::int32, gemm.accumulators_crc32c);
    check_result(i, gemm, "output", gemm.output, Encoding::fp32, gemm.output_crc32c);
  }

  void check_operand_counts(std::size_t i, const GemmRecord& gemm) const {
    if (gemm.left.size() != 1) throw fail("gemms", i, "{} left operands; expected 1", gemm.left.size());
    if (gemm.phase != Phase::backward_weight && gemm.samples != 1)
      throw fail("gemms", i, "{} samples; expected 1, or more in backward_weight", gemm.samples);
    if (gemm.right.size() != gemm.samples)
      throw fail("gemms", i, "{} right operands; expected {}, one per sample", gemm.right.size(),
                 gemm.samples);
  }

  void require_result(std::size_t i, const GemmRecord& gemm, const Shape& expected) const {
    if (gemm.result_shape != expected)
      throw fail("gemms", i, "result_shape is {}; expected {}", text_of(gemm.result_shape),
                 text_of(expected));
  }

  void check_forward(std::size_t i, const GemmRecord& gemm, const LayerRecord& layer) const {
    const Shape& x = check_operand(i, gemm, gemm.left[0], Role::input, 0);
    check_operand(i, gemm, gemm.right[0], Role::weight, 0);
    require_result(i, gemm, output_shape(layer, x));
  }

  void check_backward_data(std::size_t i, const GemmRecord& gemm, const LayerRecord& layer) const {
    const Shape& dz = check_operand(i, gemm, gemm.left[0], Role::gradient, 0);
    check_operand(i, gemm, gemm.right[0], Role::weight, 0);
    if (const auto input = inputs_.find(place_of(gemm)); input != inputs_.end())
      require_result(i, gemm, input->second);
    if (!fits(gemm.result_shape, open_shape(layer, Role::input)) ||
        output_shape(layer, gemm.result_shape) != dz)
      throw fail("gemms", i, "result_shape is {}; a layer '{}' does not make {} of it",
                 text_of(gemm.result_shape), layer.name, text_of(dz));
  }

  void check_backward_weight(std::size_t i, const GemmRecord& gemm, const LayerRecord& layer) const {
    const Shape& x = check_operand(i, gemm, gemm.left[0], Role::input, 0);
    for (std::uint32_t sample = 0; sample < gemm.samples; ++sample) {
      const Shape& dz = check_operand(i, gemm, gemm.right[sample], Role::gradient, sample);
      if (dz != output_shape(layer, x))
        throw fail("gemms", i, "gradient of shape {}; expected {} of the input's {}", text_of(dz),
                   text_of(output_shape(layer, x)), text_of(x));
    }
    if (const std::size_t count = gradients_.at(place_of(gemm)).size(); count != gemm.samples)
      throw fail("gemms", i, "{} samples; the trace has {} of this gradient", gemm.samples, count);
    require_result(i, gemm, open_shape(layer, Role::weight));
  }

  void check_result(std::size_t i, const GemmRecord& gemm, std::string_view what,
                    const std::optional<std::string>& id, Encoding encoding, std::uint32_t crc) {
    if (!id) return;
    const TensorRecord& tensor = tensor_of("gemms", i, *id, encoding);
    if (tensor.shape != gemm.result_shape)
      throw fail("gemms", i, "{} of shape {}; expected {} as result_shape says", what, text_of(tensor.shape),
                 text_of(gemm.result_shape));
    if (tensor.crc32c != crc)
      throw fail("gemms", i, "{}_crc32c is {:08x}; tensor '{}' has {:08x}", what, crc, *id, tensor.crc32c);
  }

  const Manifest& manifest_;
  const std::string& name_;
  std::unordered_map<std::uint32_t, const LayerRecord*> layers_;
  std::unordered_map<std::string, const QuantizerRecord*> quantizers_;
  std::set<std::tuple<Place, Role, std::uint32_t>> keys_;
  std::set<std::pair<Place, Phase>> phases_;
  std::map<Place, Shape> inputs_;
  std::map<Place, std::vector<std::size_t>> gradients_;
  std::unordered_set<std::string> used_;
};

}  // namespace

void check_records(const Manifest& manifest, const std::string& name) { RecordsCheck(manifest, name).run(); }

}  // namespace quatrain::traces
