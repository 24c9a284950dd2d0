#include "emu/data/gzip_input.hpp"

#include "traces/base/error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace quatrain::emu {

using base::Error;

/// zlib reads plain files through the same calls.
GzipInput::GzipInput(std::filesystem::path file) : file_(std::move(file)) {
  errno = 0;
  handle_ = ::gzopen(file_.c_str(), "rb");
  if (handle_ == nullptr)
    throw Error("{}: cannot be opened: {}", file_.string(), errno != 0 ? std::strerror(errno) : "no memory");
  ::gzbuffer(handle_, 1U << 18);
}

GzipInput::~GzipInput() { ::gzclose(handle_); }

std::size_t GzipInput::read(std::span<std::uint8_t> bytes) {
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

void GzipInput::read_all(std::span<std::uint8_t> bytes, std::uint64_t needed) {
  if (read(bytes) == bytes.size()) return;
  refuse_damage();
  throw Error("{}: byte {}: the file ends here; expected {} bytes", file_.string(), place_, needed);
}

void GzipInput::read_rest(std::vector<std::uint8_t>& bytes) {
  constexpr std::size_t piece = 1U << 24, most = 1U << 31;
  for (std::size_t done = piece; done == piece;) {
    const std::size_t before = bytes.size();
    if (before > most) throw Error("{}: has more than 2^31 bytes", file_.string());
    bytes.resize(before + piece);
    done = read(std::span(bytes).subspan(before));
    bytes.resize(before + done);
  }
  refuse_damage();
}

void GzipInput::refuse_damage() {
  int code = Z_OK;
  std::string_view text = ::gzerror(handle_, &code);
  if (const std::string front = file_.string() + ": "; text.starts_with(front))
    text.remove_prefix(front.size());
  if (code == Z_OK || code == Z_STREAM_END) return;
  if (code == Z_BUF_ERROR) throw Error("{}: byte {}: the compressed data end here", file_.string(), place_);
  throw Error("{}: byte {}: the compressed data are damaged: {}", file_.string(), place_,
              code == Z_ERRNO ? std::string_view(std::strerror(errno)) : text);
}

std::filesystem::path plain_or_gzip(const std::filesystem::path& directory, const std::string& name) {
  for (const std::string& found : {name, name + ".gz"})
    if (std::filesystem::exists(directory / found)) return directory / found;
  return {};
}

}  // namespace quatrain::emu
