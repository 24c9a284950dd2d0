#include "traces/format/reader.hpp"

#include "traces/base/error.hpp"
#include "traces/base/files.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/codes_check.hpp"
#include "traces/format/directory.hpp"
#include "traces/format/records_check.hpp"

#include <utility>

namespace quatrain::traces {
namespace {

/// Reads the tensor's bytes into elements of the file's own width and checks their CRC32C.
template <typename Element>
std::vector<Element> read(const OpenTrace& trace, const std::string& id) {
  const TensorRecord& tensor = trace.manifest.tensors.at(id);
  const TensorPlace& place = trace.places.at(id);
  std::vector<Element> elements(place.bytes / sizeof(Element));
  base::InputFile(place.file)
      .read(place.offset, {reinterpret_cast<std::uint8_t*>(elements.data()), place.bytes});
  require_crc(id, tensor, place, crc32c(bytes_of(std::span<const Element>(elements))));
  return elements;
}

const TensorRecord& tensor_of(const OpenTrace& trace, const std::string& id) {
  const auto found = trace.manifest.tensors.find(id);
  if (found == trace.manifest.tensors.end())
    throw base::Error("{}: no tensor has the id '{}'", trace.directory.string(), base::printable(id));
  return found->second;
}

void require_encoding(const OpenTrace& trace, const std::string& id, Encoding encoding) {
  const Encoding found = tensor_of(trace, id).encoding;
  if (found != encoding)
    throw base::Error("{}: tensor '{}' is {}; expected {}", trace.directory.string(), id, name_of(found),
                      name_of(encoding));
}

}  // namespace

TraceReader::TraceReader(const std::filesystem::path& directory)
    : TraceReader(open_trace(directory, list_data_files(directory))) {}

TraceReader::TraceReader(OpenTrace trace) : trace_(std::make_unique<const OpenTrace>(std::move(trace))) {
  check_records(trace_->manifest, (trace_->directory / manifest_name).string());
}

TraceReader::~TraceReader() = default;
TraceReader::TraceReader(TraceReader&&) noexcept = default;

const std::filesystem::path& TraceReader::directory() const { return trace_->directory; }
const Manifest& TraceReader::manifest() const { return trace_->manifest; }
std::string TraceReader::manifest_sha256() const { return trace_->manifest_sha256; }

std::vector<float> TraceReader::read_fp32(const std::string& id) const {
  require_encoding(*trace_, id, Encoding::fp32);
  return read<float>(*trace_, id);
}

std::vector<std::int32_t> TraceReader::read_int32(const std::string& id) const {
  require_encoding(*trace_, id, Encoding::int32);
  return read<std::int32_t>(*trace_, id);
}

std::vector<std::int32_t> TraceReader::read_accumulators(const std::string& id,
                                                         const Accumulator& accumulator) const {
  require_encoding(*trace_, id, accumulator.is_float() ? Encoding::fp32 : Encoding::int32);
  return read<std::int32_t>(*trace_, id);
}

std::vector<std::uint8_t> TraceReader::read_codes(const std::string& id) const {
  const TensorRecord& tensor = tensor_of(*trace_, id);
  if (!is_four_bit(tensor.encoding))
    throw base::Error("{}: tensor '{}' is {}; expected codes", trace_->directory.string(), id,
                      name_of(tensor.encoding));
  std::vector<std::uint8_t> codes = read<std::uint8_t>(*trace_, id);
  const TensorPlace& place = trace_->places.at(id);
  if (const auto fault = find_used_padding(element_count(tensor.shape), codes))
    throw code_error(id, place, *fault);
  if (const auto fault = find_illegal_code(tensor.encoding, codes)) throw code_error(id, place, *fault);
  return codes;
}

}  // namespace quatrain::traces
