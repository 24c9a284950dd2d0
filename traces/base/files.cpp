#include "traces/base/files.hpp"

#include "traces/base/error.hpp"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <set>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace quatrain::base {
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

/// N of "/dev/fd/N" and of the other names of a stream that this process holds open.
std::optional<int> descriptor_named(const std::filesystem::path& file) {
  const std::string name = file.string();
  if (name == "/dev/stdout") return STDOUT_FILENO;
  if (name == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!name.starts_with(folder)) continue;
    int number = 0;
    const char* end = name.data() + name.size();
    const auto [stop, failure] = std::from_chars(name.data() + folder.size(), end, number);
    if (failure == std::errc() && stop == end && number >= 0) return number;
  }
  return std::nullopt;
}

/// A file under a name that no other process has; it is removed unless it gets its real name.
class Temporary {
 public:
  Temporary(std::filesystem::path file, std::string_view bytes) : file_(std::move(file)) {
    OutputFile output(file_, open_new());
    try {
      output.write(bytes);
      output.flush_to_disk();
      output.close();
    } catch (const Error&) {
      remove();
      throw;
    }
  }
  ~Temporary() { remove(); }
  Temporary(Temporary&& other) noexcept
      : file_(std::move(other.file_)), name_(std::exchange(other.name_, {})) {}
  Temporary& operator=(Temporary&&) = delete;

  void replace() {
    if (std::rename(name_.c_str(), file_.c_str()) != 0)
      throw Error("{}: cannot be renamed from {}: {}", file_.string(), name_, std::strerror(errno));
    name_.clear();
  }
  void become_new() {
    rename_new(name_, file_);
    name_.clear();
  }
  std::filesystem::path folder() const { return file_.parent_path(); }

 private:
  int open_new() {
    for (unsigned number = 0;; ++number) {
      name_ = fmt::format("{}.partial-{}-{}", file_.string(), ::getpid(), number);
      const int descriptor = ::open(name_.c_str(), flags_of(OutputFile::Mode::create), 0644);
      if (descriptor >= 0) return descriptor;
      if (errno == EEXIST) continue;  // another computer's process of this number, or what a crash left
      name_.clear();
      throw Error("{}: cannot be opened for writing: {}", file_.string(), std::strerror(errno));
    }
  }
  void remove() {
    if (!name_.empty()) ::unlink(name_.c_str());
    name_.clear();
  }

  std::filesystem::path file_;
  std::string name_;
};

void write_stream(const std::filesystem::path& file, std::string_view bytes) {
  const auto held = descriptor_named(file);
  const int copy = held ? ::dup(*held) : -1;  // shares the place in a file with what is printed there
  if (held && copy < 0)
    throw Error("{}: cannot be opened for writing: {}", file.string(), std::strerror(errno));
  OutputFile output = held ? OutputFile(file, copy) : OutputFile(file, OutputFile::Mode::replace);
  output.write(bytes);
  output.close();
}

std::filesystem::path or_here(const std::filesystem::path& folder) { return folder.empty() ? "." : folder; }

}  // namespace

OutputFile::OutputFile(std::filesystem::path file, Mode mode) : file_(std::move(file)) {
  descriptor_ = ::open(file_.c_str(), flags_of(mode), 0644);
  if (descriptor_ < 0) fail("cannot be opened for writing");
}

OutputFile::OutputFile(std::filesystem::path file, int descriptor)
    : file_(std::move(file)), descriptor_(descriptor) {}

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

Lock::Lock(const std::filesystem::path& file, std::string_view complaint, std::chrono::milliseconds patience)
    : descriptor_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
  constexpr std::chrono::milliseconds pause(10);
  for (; descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0; patience -= pause) {
    if (errno != EWOULDBLOCK && errno != EINTR) return;  // no locks here
    if (patience <= std::chrono::milliseconds(0)) {
      ::close(descriptor_);
      throw Error("{}: {}", file.string(), complaint);
    }
    std::this_thread::sleep_for(pause);
  }
}

Lock::~Lock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Lock::Lock(Lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

bool make_new_directory(const std::filesystem::path& directory) {
  std::error_code failure;
  const std::filesystem::path named = directory.has_filename() ? directory : directory.parent_path();
  if (named.has_parent_path()) std::filesystem::create_directories(named.parent_path(), failure);
  const bool is_new = !failure && std::filesystem::create_directory(named, failure);
  if (failure) throw Error("{}: cannot be created: {}", directory.string(), failure.message());
  return is_new;
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

bool flush_directory(const std::filesystem::path& directory) {
  const std::filesystem::path named = or_here(directory);
  const Descriptor folder{::open(named.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.value >= 0 && ::fsync(folder.value) == 0) return true;
  const bool is_disk = errno == EIO || errno == ENOSPC || errno == EDQUOT || errno == ENOENT;
  if (!is_disk) return false;
  throw Error("{}: cannot be flushed to disk: {}", named.string(), std::strerror(errno));
}

bool is_stream(const std::filesystem::path& file) {
  std::error_code none;
  return descriptor_named(file) || std::filesystem::is_other(file, none);
}

bool write_whole_file(const std::filesystem::path& file, std::string_view bytes) {
  if (is_stream(file)) {
    write_stream(file, bytes);
    return true;
  }
  Temporary temporary(behind_link(file), bytes);
  temporary.replace();
  return flush_directory(temporary.folder());
}

bool write_new_file(const std::filesystem::path& file, std::string_view bytes) {
  Temporary temporary(file, bytes);
  temporary.become_new();
  return flush_directory(temporary.folder());
}

bool write_whole_files(std::span<const FileText> files, const std::function<void()>& check) {
  std::vector<Temporary> temporaries;
  std::set<std::filesystem::path> folders;  // in one order for all, so that nobody waits for each other
  for (const FileText& text : files) {
    if (is_stream(text.file)) continue;
    temporaries.emplace_back(behind_link(text.file), text.bytes);
    folders.insert(std::filesystem::canonical(or_here(temporaries.back().folder())));
  }
  std::vector<Lock> locks;
  for (const std::filesystem::path& folder : folders)
    locks.emplace_back(folder, "another process has been writing its results here for 10 s; try again",
                       std::chrono::seconds(10));
  if (check) check();
  for (Temporary& temporary : temporaries) temporary.replace();
  bool is_flushed = true;
  for (const std::filesystem::path& folder : folders) is_flushed &= flush_directory(folder);
  for (const FileText& text : files)
    if (is_stream(text.file)) write_stream(text.file, text.bytes);
  return is_flushed;
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

}  // namespace quatrain::base
