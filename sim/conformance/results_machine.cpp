#include "sim/conformance/results_machine.hpp"

#include "sim/records/recorded.hpp"
#include "traces/base/error.hpp"
#include "traces/base/joined.hpp"
#include "traces/encoding/nibbles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace quatrain::sim {
namespace {

using traces::Shape;
using traces::StoredType;

// What a tensor of the file is called behind its record.
constexpr std::string_view accumulators_part = ".accumulators", output_part = ".output",
                           scale_part = ".scale", codes_part = ".codes";

std::string joined_name(const std::string& record, std::string_view part) {
  return record + std::string(part);
}

}  // namespace

ResultsMachine::ResultsMachine(const std::filesystem::path& file, const traces::TraceReader& trace)
    : file_(file) {
  const traces::Manifest& manifest = trace.manifest();
  for (const traces::GemmRecord& record : manifest.gemms) {
    const std::string name = name_of(manifest, record);
    const Shape flat{traces::element_count(record.result_shape)};
    add_expected(name, accumulators_part, StoredType::i32, {record.result_shape, flat});
    add_expected(name, output_part, StoredType::f32, {record.result_shape, flat});
    add_expected(name, scale_part, StoredType::f32, {{1}});
    scales_[name] = record.scale;
  }
  for (const traces::QuantizerRecord& record : manifest.quantizers) {
    if (!record.source) continue;  // nobody can compute it
    const Shape& shape = manifest.tensors.at(record.codes).shape;
    const auto packed = static_cast<std::int64_t>(
        traces::packed_size(static_cast<std::size_t>(traces::element_count(shape))));
    add_expected(record.id, codes_part, StoredType::u8, {{packed}, shape});
    add_expected(record.id, scale_part, StoredType::f32, {{1}});
    scales_[record.id] = record.scale;
  }
  const traces::SafetensorsHeader header = traces::read_safetensors_header(file_);
  data_begin_ = header.data_begin;
  for (const traces::StoredTensor& tensor : header.tensors) {
    require_known(tensor);
    tensors_.emplace(tensor.id, tensor);
  }
}

void ResultsMachine::add_expected(const std::string& record, std::string_view part, StoredType type,
                                  std::vector<Shape> shapes) {
  expected_.insert_or_assign(joined_name(record, part), Expected{type, std::move(shapes)});
}

void ResultsMachine::require_known(const traces::StoredTensor& tensor) const {
  const std::string place = fmt::format("{}: tensor '{}'", file_.path().string(), base::printable(tensor.id));
  const auto found = expected_.find(tensor.id);
  if (found == expected_.end())
    throw base::Error(
        "{}: the trace has no such record; expected RECORD.accumulators, .output or .scale of a GEMM, "
        "RECORD.codes or .scale of a quantizer",
        place);
  const auto& [type, shapes] = found->second;
  if (tensor.type != type || std::find(shapes.begin(), shapes.end(), tensor.shape) == shapes.end()) {
    std::vector<std::string> texts;
    for (const Shape& shape : shapes) texts.push_back(traces::text_of(shape));
    throw base::Error("{}: {} of shape {}; expected {} of shape {}", place, name_of(tensor.type),
                      traces::text_of(tensor.shape), name_of(type), base::joined(texts, " or "));
  }
}

bool ResultsMachine::holds(std::string_view part) const {
  return tensors_.contains(joined_name(record_, part));
}

traces::Refusal ResultsMachine::why_missing(std::string_view part) const {
  if (holds(part)) return std::nullopt;
  return "no result of it in the file";
}

traces::Refusal ResultsMachine::refuses(const traces::Gemm&, traces::Encoding, traces::Encoding) const {
  if (!holds(accumulators_part) && holds(output_part))
    return "the file holds its output without its accumulators";
  return why_missing(accumulators_part);
}

traces::Refusal ResultsMachine::refuses(traces::Rule) const {
  if (!expected_.contains(joined_name(record_, codes_part)))
    return std::nullopt;  // the trace holds no source
  return why_missing(codes_part);
}

template <typename Element>
std::vector<Element> ResultsMachine::read(std::string_view part) const {
  const traces::StoredTensor& tensor = tensors_.at(joined_name(record_, part));
  std::vector<std::uint8_t> bytes(tensor.end - tensor.begin);
  file_.read(data_begin_ + tensor.begin, bytes);
  std::vector<Element> elements(bytes.size() / sizeof(Element));
  std::memcpy(elements.data(), bytes.data(), bytes.size());
  return elements;
}

traces::QuantizerResult ResultsMachine::quantize(const traces::QuantizerTask& task) {
  traces::QuantizerResult result;
  result.codes = read<std::uint8_t>(codes_part);
  const std::size_t packed = traces::packed_size(task.source.size());
  if (tensors_.at(joined_name(record_, codes_part)).shape.size() >
      1) {  // one code a byte, in the natural shape
    for (std::size_t i = 0; i < result.codes.size(); ++i)
      if (result.codes[i] > 0xF)
        throw base::Error("code {} of element {}; expected a nibble, below 16", result.codes[i], i);
    result.codes = traces::pack_nibbles(result.codes);
  }
  if (result.codes.size() == packed && task.source.size() % 2 == 1 && result.codes.back() > 0xF)
    throw base::Error("the high nibble behind the last code is not 0");
  result.has_facts = false;
  result.scale = holds(scale_part) ? read<float>(scale_part).front() : scales_.at(record_);
  return result;
}

traces::GemmResult ResultsMachine::multiply(const traces::Gemm&, const traces::Operand&,
                                            std::span<const traces::Operand>) {
  traces::GemmResult result;
  result.accumulators = read<std::int32_t>(accumulators_part);
  result.has_output = holds(output_part);
  if (result.has_output) result.output = read<float>(output_part);
  result.scale = holds(scale_part) ? read<float>(scale_part).front() : scales_.at(record_);
  return result;
}

}  // namespace quatrain::sim
