#pragma once
/// The tape under JsonNode: one entry of 16 bytes for each value and each key, in document order. Internal to
/// strict_json.

#include "traces/base/strict_json.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::base {

class JsonDocument {
 public:
  struct Value {
    std::uint32_t begin = 0, end = 0;  ///< bytes of the text; of a container only `begin`
    std::uint32_t next = 0;            ///< entry behind this one and all that is inside it
    std::uint32_t parent = 0;
  };

  /// Throws Error when the text is not JSON, has a duplicate key or leaves the limits.
  JsonDocument(std::string text, std::string name, const JsonLimits& limits);

  const std::string& name() const { return name_; }
  const Value& value(std::uint32_t index) const { return values_[index]; }
  char first_character(std::uint32_t index) const { return text_[values_[index].begin]; }
  std::string_view token(std::uint32_t index) const {
    return std::string_view(text_).substr(values_[index].begin, values_[index].end - values_[index].begin);
  }
  std::string string(std::uint32_t index) const;  ///< a string's characters, escapes resolved
  bool has_text(std::uint32_t index, std::string_view text) const;
  std::string pointer(std::uint32_t index) const;

  /// Calls use(key, value) with the two entries of each member.
  template <typename Use>
  void for_each_member(std::uint32_t object, Use&& use) const {
    for (std::uint32_t key = object + 1; key < values_[object].next; key = values_[key + 1].next)
      use(key, key + 1);
  }

  // What readers asked for.
  void mark_read(std::uint32_t key) { is_read_[key] = true; }
  bool is_read(std::uint32_t key) const { return is_read_[key]; }
  void note_absent(std::uint32_t object, std::string_view key) { absent_[object].emplace_back(key); }
  std::vector<std::string> known_keys(std::uint32_t object) const;  ///< asked for, there or not

 private:
  friend class JsonTape;
  std::string name_, text_;
  std::deque<Value> values_;  // a vector would copy half of a hostile text's gigabyte while it grows
  std::vector<bool> is_read_;
  std::map<std::uint32_t, std::vector<std::string>> absent_;
};

}  // namespace quatrain::base
