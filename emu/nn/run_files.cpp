#include "emu/nn/run_files.hpp"

#include "traces/base/error.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace quatrain::emu {
namespace {

using traces::Error;

/// Owns a file descriptor; every call that fails throws with the file's name.
class OutputFile {
 public:
  OutputFile(std::filesystem::path file, int flags) : file_(std::move(file)) {
    descriptor_ = ::open(file_.c_str(), flags | O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) fail("cannot be opened for writing");
  }
  ~OutputFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t done = ::write(descriptor_, bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) fail("cannot be written");
      bytes.remove_prefix(static_cast<std::size_t>(done));
    }
  }
  off_t size() {
    struct ::stat status {};
    if (::fstat(descriptor_, &status) != 0) fail("cannot be read");
    return status.st_size;
  }
  void cut_to(off_t size) {
    if (::ftruncate(descriptor_, size) != 0) fail("cannot be shortened");
  }
  void flush_to_disk() {
    if (::fsync(descriptor_) != 0) fail("cannot be flushed to disk");
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw Error("{}: {}: {}", file_.string(), what, std::strerror(errno));
  }
  std::filesystem::path file_;
  int descriptor_ = -1;
};

/// The rename is on disk once the folder is.
void flush_directory(const std::filesystem::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool is_done = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int cause = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (!is_done) throw Error("{}: cannot be flushed to disk: {}", directory.string(), std::strerror(cause));
}

}  // namespace

void write_whole_file(const std::filesystem::path& file, std::string_view bytes) {
  const std::filesystem::path temporary = file.string() + ".partial";
  try {
    OutputFile output(temporary, O_TRUNC);
    output.write(bytes);
    output.flush_to_disk();
    if (std::rename(temporary.c_str(), file.c_str()) != 0)
      throw Error("{}: cannot be renamed from {}: {}", file.string(), temporary.string(),
                  std::strerror(errno));
  } catch (const Error&) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
  flush_directory(file.has_parent_path() ? file.parent_path() : std::filesystem::path("."));
}

void append_line(const std::filesystem::path& file, std::string_view line) {
  OutputFile output(file, O_APPEND);
  const off_t before = output.size();
  try {
    output.write(std::string(line) + "\n");
  } catch (const Error&) {
    output.cut_to(before);
    throw;
  }
}

std::string read_whole_file(const std::filesystem::path& file) {
  std::ifstream input(file, std::ios::binary);
  std::ostringstream bytes;
  bytes << input.rdbuf();
  if (!input || bytes.fail()) throw Error("{}: cannot be read: {}", file.string(), std::strerror(errno));
  return std::move(bytes).str();
}

std::filesystem::path first_free_run_directory(const std::filesystem::path& parent, std::string_view name) {
  for (unsigned number = 1;; ++number) {
    std::filesystem::path directory = parent / fmt::format("{}-{:03}", name, number);
    if (!std::filesystem::exists(directory)) return directory;
  }
}

}  // namespace quatrain::emu
