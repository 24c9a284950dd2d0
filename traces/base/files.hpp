#pragma once
/// Files written so that each is whole or as it was before: under a temporary name of its own, flushed to
/// disk, renamed. A write that fails is an Error naming file and cause and leaves nothing behind. Two
/// processes may write the same file: one of them is the last, and its file is whole.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace quatrain::base {

/// An open file; every call that fails throws Error with the file's name and the system's reason.
class OutputFile {
 public:
  enum class Mode : unsigned char { replace, append, create };  ///< create: refuses a file that exists

  OutputFile(std::filesystem::path file, Mode mode);
  /// Takes over an open descriptor; `file` stands for it in messages.
  OutputFile(std::filesystem::path file, int descriptor);
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

/// Holds a file or folder against every other process that asks for it in the same way, until it is destroyed
/// or the process ends. On a file system without locks it holds nothing.
class Lock {
 public:
  /// Throws Error with `complaint` behind the name when another process holds `file` for longer than
  /// `patience`.
  Lock(const std::filesystem::path& file, std::string_view complaint, std::chrono::milliseconds patience);
  ~Lock();
  Lock(Lock&& other) noexcept;
  Lock& operator=(Lock&&) = delete;

 private:
  int descriptor_ = -1;
};

/// Makes a folder and what is missing above it. False when it was there: of two processes one makes it.
bool make_new_directory(const std::filesystem::path& directory);

/// Renames a file or folder; refuses when `to` exists, also when it comes into being at the same time.
void rename_new(const std::filesystem::path& from, const std::filesystem::path& to);

/// A rename or a new file is on disk once its folder is. False where the file system cannot flush folders
/// (CIFS, some FUSE): the files are written all the same, but a power loss may still take them.
bool flush_directory(const std::filesystem::path& directory);

/// True for what is written as it stands, never renamed over: a device, a pipe, or a stream that this process
/// holds open ("/dev/stdout", "/dev/fd/3").
bool is_stream(const std::filesystem::path& file);

/// A link is followed. Returns what flush_directory() says.
bool write_whole_file(const std::filesystem::path& file, std::string_view bytes);

/// Refuses a file that exists, also when it comes into being at the same time.
bool write_new_file(const std::filesystem::path& file, std::string_view bytes);

struct FileText {
  std::filesystem::path file;
  std::string bytes;
};
/// Files that belong together. All are written before the first is renamed, and no other call of this
/// function renames in the same folders meanwhile: what stands there side by side comes from one call.
/// `check` runs before the first rename; what it throws leaves everything as it was.
bool write_whole_files(std::span<const FileText> files, const std::function<void()>& check = {});

/// Adds a line (a newline is put behind it); a failing write takes back what it wrote of it.
void append_line(const std::filesystem::path& file, std::string_view line);

/// Throws Error when it cannot be read, or has more than `limit` bytes.
std::string read_whole_file(const std::filesystem::path& file, std::size_t limit = SIZE_MAX);

}  // namespace quatrain::base
