#include "tests/support/edited_trace.hpp"

#include "traces/base/error.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/reader.hpp"
#include "traces/format/writer.hpp"

#include <fmt/format.h>

#include <set>
#include <span>

namespace quatrain::tests {

using traces::Encoding;
using traces::GemmRecord;
using traces::QuantizerRecord;

EditedTrace::EditedTrace(const std::filesystem::path& directory) {
  const traces::TraceReader trace(directory);
  manifest = trace.manifest();
  for (const auto& [id, tensor] : manifest.tensors) {
    if (tensor.encoding == Encoding::fp32)
      fp32[id] = trace.read_fp32(id);
    else if (tensor.encoding == Encoding::int32)
      int32[id] = trace.read_int32(id);
    else
      codes[id] = trace.read_codes(id);
  }
}

GemmRecord& EditedTrace::gemm(const std::string& name) {
  for (GemmRecord& record : manifest.gemms)
    if (fmt::format("{}/{}/{}/{}", record.step, traces::name_of(record.pass),
                    manifest.layer(record.layer).name, traces::name_of(record.phase)) == name)
      return record;
  throw base::Error("no gemm '{}'", name);
}

QuantizerRecord& EditedTrace::quantizer(const std::string& id) {
  for (QuantizerRecord& record : manifest.quantizers)
    if (record.id == id) return record;
  throw base::Error("no quantizer '{}'", id);
}

void EditedTrace::write(const std::filesystem::path& directory) const {
  traces::TraceWriter writer(directory, manifest.producer, manifest.run);
  for (const traces::LayerRecord& layer : manifest.layers) writer.add_layer(layer);
  std::set<std::string> files;
  for (const auto& [id, tensor] : manifest.tensors) files.insert(tensor.file);
  for (const std::string& file : files) {
    writer.begin_file(file);
    for (const auto& [id, tensor] : manifest.tensors) {
      if (tensor.file != file) continue;
      if (tensor.encoding == Encoding::fp32)
        writer.add_fp32(id, tensor.shape, fp32.at(id));
      else if (tensor.encoding == Encoding::int32)
        writer.add_int32(id, tensor.shape, int32.at(id));
      else
        writer.add_codes(id, tensor.encoding, tensor.shape, codes.at(id));
    }
    writer.end_file();
  }
  for (const QuantizerRecord& record : manifest.quantizers) writer.add_quantizer(record);
  for (GemmRecord record : manifest.gemms) {
    if (record.accumulators) {
      const std::string& id = *record.accumulators;
      record.accumulators_crc32c =
          fp32.contains(id) ? traces::crc32c(traces::bytes_of(std::span<const float>(fp32.at(id))))
                            : traces::crc32c(traces::bytes_of(std::span<const std::int32_t>(int32.at(id))));
    }
    if (record.output)
      record.output_crc32c =
          traces::crc32c(traces::bytes_of(std::span<const float>(fp32.at(*record.output))));
    writer.add_gemm(record);
  }
  writer.finish();
}

}  // namespace quatrain::tests
