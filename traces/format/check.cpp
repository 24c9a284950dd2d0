#include "traces/format/check.hpp"

#include "traces/base/error.hpp"
#include "traces/base/files.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/codes_check.hpp"
#include "traces/format/directory.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace quatrain::traces {
namespace {

/// Reads every tensor once, in pieces. What is wrong in codes is reported behind every CRC, as the format's
/// order of checks wants it.
class DataCheck {
 public:
  explicit DataCheck(base::Progress& progress) : progress_(progress), piece_(1U << 20) {}

  void check(const std::string& id, const TensorRecord& tensor, const TensorPlace& place) {
    const base::InputFile file(place.file);
    std::uint32_t crc = 0;
    for (std::uint64_t at = 0; at < place.bytes; at += piece_.size()) {
      const std::span<std::uint8_t> bytes(piece_.data(),
                                          std::min<std::uint64_t>(piece_.size(), place.bytes - at));
      file.read(place.offset + at, bytes);
      crc = crc32c(bytes, crc);
      if (is_four_bit(tensor.encoding)) note_codes(id, tensor, place, at, bytes);
    }
    require_crc(id, tensor, place, crc);
    progress_.update(done_ += place.bytes);
  }

  void finish() const {
    if (padding_) throw *padding_;
    if (code_) throw *code_;
  }

 private:
  void note_codes(const std::string& id, const TensorRecord& tensor, const TensorPlace& place,
                  std::uint64_t at, std::span<const std::uint8_t> bytes) {
    if (!padding_ && at + bytes.size() == place.bytes)
      if (const auto fault = find_used_padding(element_count(tensor.shape), bytes))
        padding_ = code_error(id, place, *fault);
    if (!code_)
      if (const auto fault = find_illegal_code(tensor.encoding, bytes, at))
        code_ = code_error(id, place, *fault);
  }

  base::Progress& progress_;
  std::vector<std::uint8_t> piece_;
  std::uint64_t done_ = 0;
  std::optional<base::Error> padding_, code_;
};

}  // namespace

TraceReader check_trace(const std::filesystem::path& directory, base::Progress& progress) {
  const std::vector<std::string> data_files = list_data_files(directory);
  check_sums(directory, data_files);
  OpenTrace trace = open_trace(directory, data_files);
  std::uint64_t bytes = 0;
  for (const auto& [id, place] : trace.places) bytes += place.bytes;
  progress.begin("check", bytes);
  DataCheck data(progress);
  for (const auto& [id, place] : trace.places) data.check(id, trace.manifest.tensors.at(id), place);
  progress.finish();
  data.finish();
  return TraceReader(std::move(trace));
}

}  // namespace quatrain::traces
