#include "emu/data/idx.hpp"

#include "traces/base/error.hpp"
#include "traces/format/checksum.hpp"

#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <string_view>

namespace quatrain::emu {
namespace {

using base::Error;

/// zlib reads plain files through the same calls.
class IdxInput {
 public:
  explicit IdxInput(std::filesystem::path file) : file_(std::move(file)) {
    errno = 0;
    handle_ = ::gzopen(file_.c_str(), "rb");
    if (handle_ == nullptr)
      throw Error("{}: cannot be opened: {}", file_.string(),
                  errno != 0 ? std::strerror(errno) : "no memory");
    ::gzbuffer(handle_, 1U << 18);
  }
  ~IdxInput() { ::gzclose(handle_); }
  IdxInput(const IdxInput&) = delete;
  IdxInput& operator=(const IdxInput&) = delete;

  /// As many bytes as there are, up to the whole of `bytes`.
  std::size_t read(std::span<std::uint8_t> bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const auto piece = static_cast<unsigned>(std::min<std::size_t>(bytes.size() - done, 1U << 30));
      const int count = ::gzread(handle_, bytes.data() + done, piece);
      if (count <= 0) break;
      done += static_cast<std::size_t>(count);
    }
    place_ += done;
    sha_.add(bytes.first(done));
    return done;
  }

  std::uint64_t place() const { return place_; }
  /// Of all that was read; nothing is read after it.
  std::string sha256() { return sha_.hex(); }

  /// Reads all of `bytes`; `needed` is the length that the file should have.
  void read_all(std::span<std::uint8_t> bytes, std::uint64_t needed) {
    if (read(bytes) == bytes.size()) return;
    refuse_damage();
    throw Error("{}: byte {}: the file ends here; expected {} bytes", file_.string(), place_, needed);
  }

  /// gzip: its own checksum and length were wrong, or it ends early.
  void refuse_damage() {
    int code = Z_OK;
    std::string_view text = ::gzerror(handle_, &code);
    if (const std::string front = file_.string() + ": "; text.starts_with(front))
      text.remove_prefix(front.size());
    if (code == Z_OK || code == Z_STREAM_END) return;
    if (code == Z_BUF_ERROR) throw Error("{}: byte {}: the compressed data end here", file_.string(), place_);
    throw Error("{}: byte {}: the compressed data are damaged: {}", file_.string(), place_,
                code == Z_ERRNO ? std::string_view(std::strerror(errno)) : text);
  }

 private:
  std::filesystem::path file_;
  gzFile handle_ = nullptr;
  std::uint64_t place_ = 0;
  traces::Sha256 sha_;
};

std::uint32_t big_endian(std::span<const std::uint8_t, 4> bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 |
         bytes[3];
}

}  // namespace

IdxFile read_idx(const std::filesystem::path& file, unsigned dimensions) {
  IdxInput input(file);
  std::array<std::uint8_t, 4> word{};
  const std::uint64_t header = 4 + 4 * std::uint64_t{dimensions};
  input.read_all(word, header);
  const std::uint32_t expected = 0x0800U + dimensions;
  if (big_endian(word) != expected)
    throw Error("{}: byte 0: magic number {:08x}; expected {:08x}, unsigned bytes in {} dimension{}",
                file.string(), big_endian(word), expected, dimensions, dimensions == 1 ? "" : "s");
  IdxFile idx;
  std::uint64_t elements = 1;
  for (unsigned dimension = 0; dimension < dimensions; ++dimension) {
    input.read_all(word, header);
    idx.sizes.push_back(big_endian(word));
    elements *= idx.sizes.back();
    if (elements == 0 || elements > 1ULL << 31)
      throw Error("{}: byte {}: size {}; expected at least 1, and at most 2^31 bytes in all", file.string(),
                  4 + 4 * dimension, idx.sizes.back());
  }
  // Grows with what is really there: a header alone must not make us ask for gigabytes.
  constexpr std::uint64_t piece = 1U << 24;
  while (idx.bytes.size() < elements) {
    const std::size_t before = idx.bytes.size();
    idx.bytes.resize(std::min(elements, before + piece));
    input.read_all(std::span(idx.bytes).subspan(before), header + elements);
  }
  if (input.read(std::span(word).first(1)) != 0)
    throw Error("{}: byte {}: more data; expected the end of the file", file.string(), header + elements);
  input.refuse_damage();
  idx.sha256 = input.sha256();
  return idx;
}

}  // namespace quatrain::emu
