#include "traces/format/directory.hpp"

#include "traces/base/error.hpp"
#include "traces/base/files.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/manifest.hpp"
#include "traces/format/safetensors.hpp"

#include <algorithm>

namespace quatrain::traces {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> all_names(const fs::path& directory) {
  std::error_code cause;
  std::vector<std::string> names;
  fs::directory_iterator entry(directory, cause);
  if (cause)
    throw base::Error("{}: cannot be read: {}", base::printable(directory.string()), cause.message());
  for (; entry != fs::directory_iterator(); entry.increment(cause)) {
    if (cause)
      throw base::Error("{}: cannot be read: {}", base::printable(directory.string()), cause.message());
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Says what was given instead of a trace, where that can be seen.
void reject_what_is_no_trace(const fs::path& directory, const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), manifest_name) != names.end()) return;
  if (directory.extension() == ".partial")
    throw base::Error("{}: a trace that was left unfinished; expected a whole one", directory.string());
  std::error_code ignored;
  for (const std::string& name : names)
    if (fs::exists(directory / name / manifest_name, ignored))
      throw base::Error("{}: not a trace; expected a folder with manifest.json, as {} is one",
                        directory.string(), base::printable((directory / name).string()));
}

/// One line: 64 hexadecimal digits, two spaces, the name.
std::string sum_line(const std::string& sum, const std::string& name) { return sum + "  " + name + "\n"; }

void require_match(const fs::path& file, const StoredTensor& stored, const Manifest& manifest) {
  const auto found = manifest.tensors.find(stored.id);
  const auto fail = [&](const std::string& what) {
    return base::Error("{}: tensor '{}': {}", file.string(), base::printable(stored.id), what);
  };
  if (found == manifest.tensors.end()) throw fail("manifest.json does not list it");
  const TensorRecord& tensor = found->second;
  if (tensor.file != file.filename()) throw fail(fmt::format("manifest.json puts it into {}", tensor.file));
  const StoredType type = stored_type(tensor.encoding);
  const Shape shape = stored_shape(tensor.encoding, tensor.shape);
  if (stored.type != type || stored.shape != shape)
    throw fail(fmt::format("found {} {}; expected {} {} for {} of manifest.json", name_of(stored.type),
                           text_of(stored.shape), name_of(type), text_of(shape), name_of(tensor.encoding)));
}

}  // namespace

std::vector<std::string> list_data_files(const fs::path& directory) {
  std::vector<std::string> names = all_names(directory), data_files;
  reject_what_is_no_trace(directory, names);
  for (const std::string& name : names) {
    const bool is_known = name == manifest_name || name == sums_name;
    if (!is_known && !is_data_file_name(name))
      throw base::Error(
          "{}: '{}': not a file of a trace; expected manifest.json, SHA256SUMS and NAME.safetensors",
          directory.string(), base::printable(name));
    std::error_code ignored;
    if (fs::symlink_status(directory / name, ignored).type() != fs::file_type::regular)
      throw base::Error("{}: not a plain file", (directory / name).string());
    if (!is_known) data_files.push_back(name);
  }
  for (const char* name : {manifest_name, sums_name})
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw base::Error("{}: {} is missing", directory.string(), name);
  return data_files;
}

void check_sums(const fs::path& directory, const std::vector<std::string>& data_files) {
  const fs::path file = directory / sums_name;
  std::vector<std::string> names = data_files;
  names.emplace_back(manifest_name);
  std::sort(names.begin(), names.end());
  // Its size follows from the names, so a longer one is not read.
  std::size_t size = 0;
  for (const std::string& name : names) size += sum_line(std::string(64, '0'), name).size();
  const std::string text = base::read_whole_file(file, size + names.size());
  if (text.find("\r\n") != std::string::npos)
    throw base::Error("{}: found lines that end in CR LF; expected LF alone", file.string());
  if (text.size() > size) throw base::Error("{}: more than {} bytes long", file.string(), size);
  std::size_t byte = 0;
  for (const std::string& name : names) {
    const std::string line = text.substr(byte, text.find('\n', byte) + 1 - byte);
    const std::string expected = sum_line(line.substr(0, 64), name);
    if (line != expected || line.find_first_not_of("0123456789abcdef") != 64)
      throw base::Error("{}: byte {}: expected 64 lower-case hexadecimal digits, two spaces and {}",
                        file.string(), byte, name);
    byte += line.size();
  }
  for (byte = 0; const std::string& name : names) {
    const std::string sum = sha256_of_file(directory / name);
    if (text.compare(byte, 64, sum) != 0)
      throw base::Error("{}: SHA-256 is {}; SHA256SUMS says {}", (directory / name).string(), sum,
                        text.substr(byte, 64));
    byte += sum_line(sum, name).size();
  }
}

std::string make_sums(const std::map<std::string, std::string>& sums) {
  std::string text;
  for (const auto& [name, sum] : sums) text += sum_line(sum, name);
  return text;
}

std::map<std::string, TensorPlace> locate_tensors(const fs::path& directory,
                                                  const std::vector<std::string>& data_files,
                                                  const Manifest& manifest) {
  std::map<std::string, TensorPlace> places;
  for (const std::string& name : data_files) {
    const base::InputFile file(directory / name);
    const SafetensorsHeader header = read_safetensors_header(file);
    for (const StoredTensor& stored : header.tensors) {
      require_match(file.path(), stored, manifest);
      places[stored.id] = {file.path(), header.data_begin + stored.begin, stored.end - stored.begin};
    }
  }
  for (const auto& [id, tensor] : manifest.tensors)
    if (places.count(id) == 0)
      throw base::Error("{}: tensor '{}': not in the file {}", (directory / manifest_name).string(), id,
                        tensor.file);
  return places;
}

OpenTrace open_trace(const std::filesystem::path& directory, const std::vector<std::string>& data_files) {
  const std::filesystem::path file = directory / manifest_name;
  const std::string text = base::read_whole_file(file, manifest_limits.bytes);
  OpenTrace trace{
      directory, sha256_hex(text), read_manifest(base::JsonNode::parse(text, file.string(), manifest_limits)), {}};
  trace.places = locate_tensors(directory, data_files, trace.manifest);
  return trace;
}

void require_crc(const std::string& id, const TensorRecord& tensor, const TensorPlace& place,
                 std::uint32_t crc) {
  if (crc != tensor.crc32c)
    throw base::Error("{}: tensor '{}' at byte {}: CRC32C is {:08x}; manifest.json says {:08x}",
                      place.file.string(), id, place.offset, crc, tensor.crc32c);
}

base::Error code_error(const std::string& id, const TensorPlace& place, const CodeFault& fault) {
  return base::Error("{}: tensor '{}' at byte {}: {}", place.file.string(), id, place.offset + fault.byte,
               fault.what);
}

}  // namespace quatrain::traces
