#include "traces/base/files.hpp"

#include "traces/base/error.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace quatrain::traces {
namespace {

int flags_of(OutputFile::Mode mode) {
  constexpr int always = O_WRONLY | O_CREAT | O_CLOEXEC;
  if (mode == OutputFile::Mode::append) return always | O_APPEND;
  return always | (mode == OutputFile::Mode::create ? O_EXCL : O_TRUNC);
}

/// Closes what it holds.
struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

/// A link stays one: its target is what is written. A link to nothing is taken for the file itself.
std::filesystem::path behind_link(const std::filesystem::path& file) {
  std::error_code none;
  if (!std::filesystem::is_symlink(file, none)) return file;
  std::filesystem::path target = std::filesystem::canonical(file, none);
  return none ? file : target;
}

bool is_device_or_pipe(const std::filesystem::path& file) {
  std::error_code none;
  return std::filesystem::is_other(file, none);
}

}  // namespace

OutputFile::OutputFile(std::filesystem::path file, Mode mode) : file_(std::move(file)) {
  descriptor_ = ::open(file_.c_str(), flags_of(mode), 0644);
  if (descriptor_ < 0) fail("cannot be opened for writing");
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(descriptor_, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail("cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
}

off_t OutputFile::size() const {
  struct ::stat status {};
  if (::fstat(descriptor_, &status) != 0) fail("cannot be read");
  return status.st_size;
}

void OutputFile::cut_to(off_t size) {
  if (::ftruncate(descriptor_, size) != 0) fail("cannot be shortened");
}

void OutputFile::flush_to_disk() {
  if (::fsync(descriptor_) != 0) fail("cannot be flushed to disk");
}

void OutputFile::close() {
  if (::close(std::exchange(descriptor_, -1)) != 0) fail("cannot be closed");
}

void OutputFile::fail(std::string_view what) const {
  throw Error("{}: {}: {}", file_.string(), what, std::strerror(errno));
}

InputFile::InputFile(std::filesystem::path file) : file_(std::move(file)) {
  descriptor_ = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a FIFO would wait for a writer
  struct ::stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0)
    throw Error("{}: cannot be read: {}", file_.string(), std::strerror(errno));
  size_ = static_cast<std::uint64_t>(status.st_size);
  if (S_ISREG(status.st_mode)) return;
  ::close(descriptor_);
  throw Error("{}: not a plain file", file_.string());
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::read(std::uint64_t offset, std::span<std::uint8_t> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::pread(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      throw Error("{}: byte {}: cannot be read: {}", file_.string(), offset, std::strerror(errno));
    if (count == 0)
      throw Error("{}: ends at byte {}; expected {} more", file_.string(), offset, bytes.size());
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void rename_new(const std::filesystem::path& from, const std::filesystem::path& to) {
  int status = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
  if (status != 0 && (errno == EINVAL || errno == ENOSYS)) {  // a file system that cannot refuse by itself
    errno = EEXIST;
    if (!std::filesystem::exists(std::filesystem::symlink_status(to)))
      status = std::rename(from.c_str(), to.c_str());
  }
  if (status != 0)
    throw Error("{}: cannot be renamed from {}: {}", to.string(), from.string(), std::strerror(errno));
}

void flush_directory(const std::filesystem::path& directory) {
  const std::filesystem::path& named = directory.empty() ? "." : directory;
  const Descriptor folder{::open(named.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.value < 0 || ::fsync(folder.value) != 0)
    throw Error("{}: cannot be flushed to disk: {}", named.string(), std::strerror(errno));
}

void write_whole_file(const std::filesystem::path& named, std::string_view bytes) {
  const std::filesystem::path file = behind_link(named);
  if (is_device_or_pipe(file)) {  // a rename would put a plain file in its place
    OutputFile output(file, OutputFile::Mode::replace);
    output.write(bytes);
    output.close();
    return;
  }
  const std::filesystem::path temporary = file.string() + ".partial";
  try {
    OutputFile output(temporary, OutputFile::Mode::replace);
    output.write(bytes);
    output.flush_to_disk();
    output.close();
    if (std::rename(temporary.c_str(), file.c_str()) != 0)
      throw Error("{}: cannot be renamed from {}: {}", file.string(), temporary.string(),
                  std::strerror(errno));
  } catch (const Error&) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
  flush_directory(file.parent_path());
}

void append_line(const std::filesystem::path& file, std::string_view line) {
  OutputFile output(file, OutputFile::Mode::append);
  const off_t before = output.size();
  try {
    output.write(std::string(line) + "\n");
  } catch (const Error&) {
    output.cut_to(before);
    throw;
  }
}

std::string read_whole_file(const std::filesystem::path& file, std::size_t limit) {
  const Descriptor input{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  const auto fail = [&] { return Error("{}: cannot be read: {}", file.string(), std::strerror(errno)); };
  if (input.value < 0) throw fail();
  std::string bytes;
  for (;;) {
    constexpr std::size_t piece = 1U << 16;  // grows with what is there, whatever the size claims
    const std::size_t before = bytes.size();
    bytes.resize(before + piece);
    const ssize_t count = ::read(input.value, bytes.data() + before, piece);
    if (count < 0 && errno != EINTR) throw fail();
    bytes.resize(before + static_cast<std::size_t>(count > 0 ? count : 0));
    if (bytes.size() > limit) throw Error("{}: more than {} bytes long", file.string(), limit);
    if (count == 0) return bytes;
  }
}

}  // namespace quatrain::traces
