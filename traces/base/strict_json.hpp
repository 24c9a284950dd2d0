#pragma once
/// JSON read strictly: UTF-8 without a byte-order mark, no duplicate keys, bounded depth and size, numbers
/// kept as their text until somebody asks for a range. Every complaint names the file and the JSON pointer,
/// or line and column where the text is not JSON. nlohmann_json is not used to read: it turns 2^64 into a
/// double, -0 into 0 and the later of two keys into the only one, and does not say where a value stands. A
/// document takes at most nine times its text in memory.

#include "traces/base/enumeration.hpp"
#include "traces/base/error.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quatrain::base {

struct JsonLimits {
  std::size_t bytes = 64ULL << 20;
  unsigned depth = 64;  ///< the outermost object is level 1
};

class JsonDocument;

/// A place in a parsed document. Cheap to copy; keeps the document alive. Accessors throw Error with
/// "FILE: POINTER: what was found; expected what".
class JsonNode {
 public:
  /// `name` stands for the file in messages.
  static JsonNode parse(std::string_view text, const std::string& name, const JsonLimits& limits = {});
  static JsonNode read(const std::filesystem::path& file, const JsonLimits& limits = {});

  const std::string& file() const;
  std::string pointer() const;  ///< "" for the root, "/array/rows", ...

  // Objects. A key that is asked for counts as read.
  bool has(std::string_view key) const;
  JsonNode at(std::string_view key) const;  ///< throws when the key is missing
  /// In document order; all count as read.
  std::vector<std::pair<std::string, JsonNode>> members(std::size_t most = SIZE_MAX) const;
  /// Throws at the first key nobody asked for, naming the nearest known one ("did you mean ...?").
  /// Keys that begin with `ignored_prefix` are skipped when it is not empty.
  void reject_unread_keys(std::string_view ignored_prefix = {}) const;

  /// A file may name its schema for editors: "$schema", a string, counts as read when it is there.
  void read_schema_key() const;

  // Arrays.
  std::vector<JsonNode> items(std::size_t least = 0, std::size_t most = SIZE_MAX) const;

  // Values.
  bool is_null() const;
  bool is_object() const;
  bool is_array() const;
  bool is_string() const;
  bool is_number() const;
  bool is_boolean() const;
  std::int64_t integer(std::int64_t least, std::int64_t most) const;  ///< no fraction, no exponent, no -0
  double number(double least, double most) const;                     ///< finite
  bool boolean() const;
  std::string string(std::size_t shortest = 0,
                     std::size_t longest = SIZE_MAX) const;  ///< UTF-8; lengths in bytes
  /// Index of the value in `words`; the message lists them all.
  std::size_t one_of(std::span<const std::string_view> words) const;
  /// The enumerator whose word the value is.
  template <typename Enumeration>
  Enumeration one_of() const {
    return static_cast<Enumeration>(one_of(words_of<Enumeration>));
  }

  /// An Error at this place, for rules that only the caller knows.
  template <typename... Arguments>
  Error error(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    return Error("{}: {}: {}", file(), pointer().empty() ? "/" : pointer(),
                 fmt::format(text, std::forward<Arguments>(arguments)...));
  }

 private:
  JsonNode(std::shared_ptr<JsonDocument> document, std::uint32_t index)
      : document_(std::move(document)), index_(index) {}
  std::string found() const;
  std::shared_ptr<JsonDocument> document_;
  std::uint32_t index_;
};

}  // namespace quatrain::base
