#pragma once
/// A trace as a folder: which files are in it, what SHA256SUMS says of them, where each tensor lies.

#include "traces/base/error.hpp"
#include "traces/format/codes_check.hpp"
#include "traces/format/record.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace quatrain::traces {

inline constexpr const char* manifest_name = "manifest.json";
inline constexpr const char* sums_name = "SHA256SUMS";

/// Names of the data files, sorted. Throws Error unless the folder holds manifest.json, SHA256SUMS and plain
/// files with names of the format, and nothing else.
std::vector<std::string> list_data_files(const std::filesystem::path& directory);

/// Throws Error unless SHA256SUMS lists exactly these files and manifest.json, in order, with their sums.
void check_sums(const std::filesystem::path& directory, const std::vector<std::string>& data_files);
/// `sums`: file name to 64 hexadecimal digits.
std::string make_sums(const std::map<std::string, std::string>& sums);

struct TensorPlace {
  std::filesystem::path file;
  std::uint64_t offset = 0, bytes = 0;  ///< of the file
};

/// Reads the headers of the data files and holds them against the manifest.
std::map<std::string, TensorPlace> locate_tensors(const std::filesystem::path& directory,
                                                  const std::vector<std::string>& data_files,
                                                  const Manifest& manifest);

/// A trace whose manifest and data-file headers have been read and fit each other; its records are not
/// checked.
struct OpenTrace {
  std::filesystem::path directory;
  std::string manifest_sha256;
  Manifest manifest;
  std::map<std::string, TensorPlace> places;
};
OpenTrace open_trace(const std::filesystem::path& directory, const std::vector<std::string>& data_files);

/// Throws Error when the bytes read have another CRC32C than the manifest says.
void require_crc(const std::string& id, const TensorRecord& tensor, const TensorPlace& place,
                 std::uint32_t crc);
base::Error code_error(const std::string& id, const TensorPlace& place, const CodeFault& fault);

}  // namespace quatrain::traces
