#pragma once
/// Files written so that each is whole or as it was before: under a temporary name, flushed to disk, renamed.
/// A write that fails is an Error naming file and cause and leaves nothing behind.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace quatrain::traces {

/// An open file; every call that fails throws Error with the file's name and the system's reason.
class OutputFile {
 public:
  enum class Mode : unsigned char { replace, append, create };  ///< create: refuses a file that exists

  OutputFile(std::filesystem::path file, Mode mode);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  off_t size() const;
  void cut_to(off_t size);
  void flush_to_disk();
  void close();  ///< a full disk may show only here

 private:
  [[noreturn]] void fail(std::string_view what) const;
  std::filesystem::path file_;
  int descriptor_ = -1;
};

/// A plain file open for reading at any place; what fails throws Error with the file's name.
class InputFile {
 public:
  /// Throws Error also for anything that is not a plain file; a link is followed.
  explicit InputFile(std::filesystem::path file);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::filesystem::path& path() const { return file_; }
  std::uint64_t size() const { return size_; }  ///< when it was opened
  /// Fills `bytes` from `offset` on, or throws Error (the file ends before).
  void read(std::uint64_t offset, std::span<std::uint8_t> bytes) const;

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// Renames a file or folder; refuses when `to` exists, also when it comes into being at the same time.
void rename_new(const std::filesystem::path& from, const std::filesystem::path& to);

/// A rename or a new file is on disk once its folder is.
void flush_directory(const std::filesystem::path& directory);

/// A link is followed; a device or pipe is written as it stands.
void write_whole_file(const std::filesystem::path& file, std::string_view bytes);

/// Adds a line (a newline is put behind it); a failing write takes back what it wrote of it.
void append_line(const std::filesystem::path& file, std::string_view line);

/// Throws Error when it cannot be read, or has more than `limit` bytes.
std::string read_whole_file(const std::filesystem::path& file, std::size_t limit = SIZE_MAX);

}  // namespace quatrain::traces
