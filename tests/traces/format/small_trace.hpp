#pragma once
/// A legal trace of a few kilobytes with every kind of record, written by TraceWriter, and its files as bytes
/// to be changed. The numbers in it are made up: nothing here recomputes a quantizer or a product.

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace quatrain::tests {

/// Two layers (a convolution with stride and padding, a linear one with two samples) in one step, and the
/// evaluation of the linear one.
void write_small_trace(const std::filesystem::path& directory);

/// The files of a trace by name.
class TraceBytes {
 public:
  static TraceBytes read(const std::filesystem::path& directory);

  std::string& operator[](const std::string& name) { return files_.at(name); }
  const std::map<std::string, std::string>& files() const { return files_; }
  void add(const std::string& name, std::string bytes) { files_[name] = std::move(bytes); }
  void remove(const std::string& name) { files_.erase(name); }

  /// `from` must stand in the file; its first place is changed.
  void replace(const std::string& name, const std::string& from, const std::string& to);
  /// Makes SHA256SUMS fit what the files hold now.
  void update_sums();
  /// The same where only this file has changed.
  void update_sum(const std::string& name);
  /// A byte of a tensor's data.
  char& byte_of(const std::string& id, std::size_t byte);
  /// Makes the manifest's entry of the tensor fit its bytes.
  void update_crc(const std::string& id);

  /// Replaces whatever stands at `directory`.
  void write(const std::filesystem::path& directory) const;
  /// Writes this file into a trace that is there.
  void write_one(const std::filesystem::path& directory, const std::string& name) const;

 private:
  std::span<char> tensor_bytes(const std::string& id);
  std::map<std::string, std::string> files_;
};

/// What check_trace says, with "T" for the folder; "ok" when it says nothing.
std::string check_message(const std::filesystem::path& directory);
/// The same of opening a TraceReader and reading every tensor.
std::string read_message(const std::filesystem::path& directory);

}  // namespace quatrain::tests
