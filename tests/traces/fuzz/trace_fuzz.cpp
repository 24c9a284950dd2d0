/// libFuzzer target of everything that reads a trace. The first byte of an input says which file of the small
/// trace the rest stands for; the other files stay legal and SHA256SUMS fits, so that a change gets past it.
/// Whatever the input, the answer is an Error or a trace that can be read, written again and read as the same
/// records. What the JSON reader takes, nlohmann's own must take too.
///
///   cmake --preset fuzz && cmake --build --preset fuzz --target trace_fuzz
///   mkdir -p build/fuzz/corpus && build/fuzz/tests/traces/fuzz/trace_fuzz -max_total_time=600
///   -rss_limit_mb=1024 -max_len=16384 -len_control=0 build/fuzz/corpus
///
/// The length: the small trace's manifest has 8 KB, and by default no input has more than 4.
#include "tests/support/edited_trace.hpp"
#include "tests/traces/format/small_trace.hpp"
#include "tests/traces/fuzz/json_mutation.hpp"
#include "traces/base/error.hpp"
#include "traces/base/strict_json.hpp"
#include "traces/format/manifest.hpp"
#include "traces/format/reader.hpp"
#include "traces/format/safetensors.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>
#include <unistd.h>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

using namespace quatrain;
namespace fs = std::filesystem;

constexpr const char* evaluation_file = "step_0_evaluation.safetensors";

enum class Target : std::uint8_t { manifest, data_file, data_file_with_crc, sums, header, json };
constexpr std::size_t target_count = 6;

Target target_of(std::uint8_t byte) { return static_cast<Target>(byte % target_count); }

void require(bool is_true, const char* what) {
  if (is_true) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

/// The folder that inputs are written to, in memory where the system has such a place.
struct Scene {
  fs::path root, folder, copy;
  tests::TraceBytes good;

  Scene() {
    const fs::path memory = fs::exists("/dev/shm") ? "/dev/shm" : fs::temp_directory_path();
    root = memory / ("quatrain_trace_fuzz_" + std::to_string(::getpid()));
    folder = root / "trace";
    copy = root / "copy";
    fs::remove_all(root);
    fs::create_directories(root);
    tests::write_small_trace(folder);
    good = tests::TraceBytes::read(folder);
  }
  ~Scene() { fs::remove_all(root); }
};

Scene& scene() {
  static Scene only;
  return only;
}

void try_folder(Target target, std::string text) {
  Scene& at = scene();
  tests::TraceBytes trace = at.good;
  const std::string name = target == Target::manifest ? "manifest.json"
                           : target == Target::sums   ? "SHA256SUMS"
                                                      : evaluation_file;
  trace.add(name, std::move(text));
  if (target == Target::data_file_with_crc) {
    try {
      for (const char* id :
           {"evaluation/2/input/codes", "evaluation/2/forward/accumulators", "evaluation/2/forward/output"})
        trace.update_crc(id);
    } catch (const std::exception&) {
      return;  // no such tensor, or no header: data_file has these
    }
  }
  if (target != Target::sums) trace.update_sums();
  for (const std::string& changed : {name, std::string("manifest.json"), std::string("SHA256SUMS")})
    trace.write_one(at.folder, changed);
  const std::string checked = tests::check_message(at.folder), read = tests::read_message(at.folder);
  if (target != Target::sums) require((checked == "ok") == (read == "ok"), "check and reader disagree");
  if (checked == "ok") {
    fs::remove_all(at.copy);
    const traces::TraceReader reader(at.folder);
    tests::EditedTrace(at.folder).write(at.copy);
    require(tests::check_message(at.copy) == "ok", "a copy is not legal");
    require(traces::TraceReader(at.copy).manifest() == reader.manifest(), "a copy has other records");
  }
  at.good.write_one(at.folder, name);
}

void try_header(const std::string& text) {
  if (text.size() < 2) return;
  const std::uint64_t data_bytes =
      static_cast<std::uint8_t>(text[0]) + 256U * static_cast<std::uint8_t>(text[1]);
  try {
    const auto first = traces::parse_safetensors_header(std::string_view(text).substr(2), "f", data_bytes);
    const std::string again = traces::make_safetensors_header(first.tensors, first.metadata);
    const auto second = traces::parse_safetensors_header(std::string_view(again).substr(8), "f", data_bytes);
    require(second.metadata == first.metadata, "a header loses metadata");
    require(second.tensors.size() == first.tensors.size(), "a header loses tensors");
    for (std::size_t i = 0; i < first.tensors.size(); ++i)
      require(second.tensors[i].id == first.tensors[i].id &&
                  second.tensors[i].shape == first.tensors[i].shape &&
                  second.tensors[i].end == first.tensors[i].end,
              "a header changes");
  } catch (const base::Error&) {
  }
}

/// Asks every value for everything; what fails must fail with an Error.
void walk(const base::JsonNode& node) {
  const auto attempt = [](auto&& call) {
    try {
      call();
    } catch (const base::Error&) {
    }
  };
  attempt([&] { node.integer(INT64_MIN, INT64_MAX); });
  attempt([&] { node.number(-1e300, 1e300); });
  attempt([&] { node.string(); });
  attempt([&] { node.boolean(); });
  attempt([&] { node.has("a"); });
  attempt([&] { node.reject_unread_keys("x_"); });
  if (node.is_object())
    for (const auto& [key, value] : node.members()) {
      require(node.has(key), "a member is not there");
      walk(value);
    }
  if (node.is_array())
    for (const auto& item : node.items()) walk(item);
}

void try_json(const std::string& text) {
  try {
    const base::JsonNode root = base::JsonNode::parse(text, "f");
    walk(root);
  } catch (const base::Error&) {
    return;
  }
  // It refuses numbers beyond a double; nothing else that we take.
  try {
    static_cast<void>(nlohmann::json::parse(text));
  } catch (const nlohmann::json::out_of_range&) {
  } catch (const nlohmann::json::parse_error&) {
    require(false, "nlohmann does not take what we take");
  }
}

/// A legal input for each target: where mutation begins.
std::string legal_input(Target target) {
  tests::TraceBytes& good = scene().good;
  const std::string head(1, static_cast<char>(target));
  switch (target) {
    case Target::manifest:
      return head + good["manifest.json"];
    case Target::data_file:
    case Target::data_file_with_crc:
      return head + good[evaluation_file];
    case Target::sums:
      return head + good["SHA256SUMS"];
    case Target::header:
      return head + std::string("\x08\0", 2) + R"({"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})";
    case Target::json:
      return head + R"({"a": [1, -2.5e3, "\u00e9\ud83d\ude00", true, null, {"b": {}}], "x_": []})";
  }
  std::abort();
}

constexpr std::size_t length_bytes = 8;

/// The length of a data file's header as its first bytes say; 0 if there is not as much.
std::size_t header_length(std::string_view file) {
  std::uint64_t length = 0;
  if (file.size() < length_bytes) return 0;
  for (std::size_t i = length_bytes; i-- > 0;) length = length << 8 | static_cast<std::uint8_t>(file[i]);
  return length <= file.size() - length_bytes ? static_cast<std::size_t>(length) : 0;
}

/// A data file whose header is this JSON, padded and with its length in front.
std::string data_file(std::string header, std::string_view data) {
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string file;
  for (std::size_t i = 0; i < length_bytes; ++i) file += static_cast<char>(header.size() >> (8 * i) & 0xFF);
  return file + header + std::string(data);
}

/// The input with a change in its JSON; nullopt where it has none.
std::optional<std::string> with_changed_structure(Target target, std::string_view text,
                                                  std::mt19937& random) {
  switch (target) {
    case Target::manifest:
    case Target::json:
      return tests::with_changed_json(text, random);
    case Target::header: {
      const auto json = tests::with_changed_json(text.substr(std::min<std::size_t>(2, text.size())), random);
      return json ? std::optional(std::string(text.substr(0, 2)) + *json) : std::nullopt;
    }
    case Target::data_file:
    case Target::data_file_with_crc: {
      const std::size_t length = header_length(text);
      if (length == 0) return std::nullopt;
      const auto json = tests::with_changed_json(text.substr(length_bytes, length), random);
      return json ? std::optional(data_file(*json, text.substr(length_bytes + length))) : std::nullopt;
    }
    case Target::sums:
      return std::nullopt;
  }
  std::abort();
}

}  // namespace

/// Half of the changes are of JSON's structure, the others of bytes; the target stays.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  std::mt19937 random(seed);
  if (size < 2 || random() % 64 == 0) {
    const std::string input = legal_input(target_of(static_cast<std::uint8_t>(random())));
    size = std::min(input.size(), max_size);
    std::memcpy(data, input.data(), size);
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (random() % 2 == 0) {
    const auto changed = with_changed_structure(target_of(data[0]), text, random);
    if (changed && changed->size() < max_size) {
      std::memcpy(data + 1, changed->data(), changed->size());
      return 1 + changed->size();
    }
  }
  return 1 + LLVMFuzzerMutate(data + 1, size - 1, max_size - 1);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Target target = target_of(data[0]);
  if (target == Target::header)
    try_header(text);
  else if (target == Target::json)
    try_json(text);
  else
    try_folder(target, text);
  return 0;
}
