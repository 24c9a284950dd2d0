#include "traces/base/strict_json.hpp"

#include "traces/base/files.hpp"
#include "traces/base/json_document.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace quatrain::base {
namespace {

/// Letters to change, insert or remove to make one word the other (Levenshtein).
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t changed = diagonal + (left[i] != right[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

/// The word most like `key`, unless half of its letters differ; "" for none.
std::string nearest(std::string_view key, const std::vector<std::string>& words) {
  std::string best;
  std::size_t least = std::min<std::size_t>(key.size(), 100) / 2 + 1;
  if (key.size() > 100) return best;
  for (const std::string& word : words)
    if (word.size() <= 100 && distance(key, word) < least) {
      least = distance(key, word);
      best = word;
    }
  return best;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + ("'" + words[i] + "'");
  return text;
}

template <typename Number>
std::string range_of(Number least, Number most) {
  return fmt::format("from {} to {}", least, most);
}

bool is_integer_text(std::string_view token) {
  return token != "-0" && token.find_first_of(".eE") == std::string_view::npos;
}

}  // namespace

JsonNode JsonNode::parse(std::string_view text, const std::string& name, const JsonLimits& limits) {
  return {std::make_shared<JsonDocument>(std::string(text), name, limits), 0};
}

JsonNode JsonNode::read(const std::filesystem::path& file, const JsonLimits& limits) {
  return {std::make_shared<JsonDocument>(read_whole_file(file, limits.bytes), file.string(), limits), 0};
}

const std::string& JsonNode::file() const { return document_->name(); }
std::string JsonNode::pointer() const { return document_->pointer(index_); }

bool JsonNode::is_null() const { return document_->first_character(index_) == 'n'; }
bool JsonNode::is_object() const { return document_->first_character(index_) == '{'; }
bool JsonNode::is_array() const { return document_->first_character(index_) == '['; }
bool JsonNode::is_string() const { return document_->first_character(index_) == '"'; }
bool JsonNode::is_number() const {
  const char first = document_->first_character(index_);
  return first == '-' || (first >= '0' && first <= '9');
}
bool JsonNode::is_boolean() const {
  const char first = document_->first_character(index_);
  return first == 't' || first == 'f';
}

std::string JsonNode::found() const {
  if (is_object()) return "an object";
  if (is_array()) return "an array";
  if (is_string()) return fmt::format("'{}'", printable(document_->string(index_)));
  return printable(document_->token(index_));
}

bool JsonNode::has(std::string_view key) const {
  if (!is_object()) throw error("found {}; expected an object", found());
  bool is_there = false;
  document_->for_each_member(
      index_, [&](std::uint32_t name, std::uint32_t) { is_there |= document_->has_text(name, key); });
  if (!is_there) document_->note_absent(index_, key);
  return is_there;
}

JsonNode JsonNode::at(std::string_view key) const {
  if (!is_object()) throw error("found {}; expected an object with the key '{}'", found(), key);
  std::uint32_t value_index = 0;
  std::vector<std::string> unread;
  document_->for_each_member(index_, [&](std::uint32_t name, std::uint32_t value) {
    if (document_->has_text(name, key)) value_index = value;
  });
  if (value_index != 0) {
    document_->mark_read(value_index - 1);
    return {document_, value_index};
  }
  document_->for_each_member(index_, [&](std::uint32_t name, std::uint32_t) {
    if (!document_->is_read(name)) unread.push_back(document_->string(name));
  });
  const std::string similar = nearest(key, unread);
  if (similar.empty()) throw error("the key '{}' is missing", key);
  throw error("the key '{}' is missing; the nearest one there is '{}'", key, printable(similar));
}

std::vector<std::pair<std::string, JsonNode>> JsonNode::members(std::size_t most) const {
  if (!is_object()) throw error("found {}; expected an object", found());
  std::size_t count = 0;
  document_->for_each_member(index_, [&](std::uint32_t, std::uint32_t) { ++count; });
  if (count > most) throw error("found {} keys; expected at most {}", count, most);
  std::vector<std::pair<std::string, JsonNode>> all;
  all.reserve(count);
  document_->for_each_member(index_, [&](std::uint32_t key, std::uint32_t value) {
    document_->mark_read(key);
    all.emplace_back(document_->string(key), JsonNode(document_, value));
  });
  return all;
}

void JsonNode::reject_unread_keys(std::string_view ignored_prefix) const {
  if (!is_object()) throw error("found {}; expected an object", found());
  std::uint32_t unknown = 0;
  document_->for_each_member(index_, [&](std::uint32_t key, std::uint32_t value) {
    if (unknown != 0 || document_->is_read(key)) return;
    const std::string name = document_->string(key);
    if (ignored_prefix.empty() || name.substr(0, ignored_prefix.size()) != ignored_prefix) unknown = value;
  });
  if (unknown == 0) return;
  const JsonNode node(document_, unknown);
  const std::vector<std::string> known = document_->known_keys(index_);
  const std::string similar = nearest(document_->string(unknown - 1), known);
  if (!similar.empty()) throw node.error("unknown key; did you mean '{}'?", similar);
  throw node.error("unknown key; expected {}", known.empty() ? "none" : joined(known));
}

void JsonNode::read_schema_key() const {
  if (!is_object()) throw error("found {}; expected an object", found());
  document_->for_each_member(index_, [&](std::uint32_t name, std::uint32_t) {
    if (document_->has_text(name, "$schema")) at("$schema").string();
  });
}

std::vector<JsonNode> JsonNode::items(std::size_t least, std::size_t most) const {
  if (!is_array()) throw error("found {}; expected an array", found());
  const std::uint32_t end = document_->value(index_).next;
  std::size_t count = 0;
  for (std::uint32_t item = index_ + 1; item < end; item = document_->value(item).next) ++count;
  if (count < least || count > most) {
    if (least == most) throw error("found {} items; expected {}", count, least);
    if (most == SIZE_MAX) throw error("found {} items; expected at least {}", count, least);
    throw error("found {} items; expected {}", count, range_of(least, most));
  }
  std::vector<JsonNode> all;
  all.reserve(count);
  for (std::uint32_t item = index_ + 1; item < end; item = document_->value(item).next)
    all.push_back(JsonNode(document_, item));
  return all;
}

std::int64_t JsonNode::integer(std::int64_t least, std::int64_t most) const {
  const std::string_view token = document_->token(index_);
  std::int64_t value = 0;
  if (is_number() && is_integer_text(token)) {
    const auto [end, status] = std::from_chars(token.data(), token.data() + token.size(), value);
    if (status == std::errc{} && end == token.data() + token.size() && value >= least && value <= most)
      return value;
  }
  throw error("found {}; expected an integer {}", found(), range_of(least, most));
}

double JsonNode::number(double least, double most) const {
  const std::string_view token = document_->token(index_);
  double value = 0;
  if (is_number()) {
    const auto status = std::from_chars(token.data(), token.data() + token.size(), value).ec;
    if (status == std::errc{} && value >= least && value <= most) return value;
  }
  throw error("found {}; expected a number {}", found(), range_of(least, most));
}

bool JsonNode::boolean() const {
  if (!is_boolean()) throw error("found {}; expected true or false", found());
  return document_->first_character(index_) == 't';
}

std::string JsonNode::string(std::size_t shortest, std::size_t longest) const {
  if (!is_string()) throw error("found {}; expected a string", found());
  std::string text = document_->string(index_);
  if (text.size() >= shortest && text.size() <= longest) return text;
  if (longest == SIZE_MAX)
    throw error("found a string of {} bytes; expected at least {}", text.size(), shortest);
  throw error("found a string of {} bytes; expected {}", text.size(), range_of(shortest, longest));
}

std::size_t JsonNode::one_of(std::span<const std::string_view> words) const {
  if (is_string()) {
    const auto word = std::find(words.begin(), words.end(), document_->string(index_));
    if (word != words.end()) return static_cast<std::size_t>(word - words.begin());
  }
  throw error("found {}; expected {}", found(), joined({words.begin(), words.end()}));
}

}  // namespace quatrain::base
