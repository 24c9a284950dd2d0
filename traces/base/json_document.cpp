#include "traces/base/json_document.hpp"

#include "traces/base/json_lexer.hpp"

#include <algorithm>
#include <cassert>
#include <deque>

namespace quatrain::base {
namespace {

using Token = JsonTokenKind;

bool has_escape(std::string_view token) { return token.find('\\') != std::string_view::npos; }

std::string pointer_part(std::string_view key) {
  std::string part = "/";
  for (const char character : printable(key))
    part += character == '~' ? "~0" : character == '/' ? "~1" : std::string(1, character);
  return part;
}

}  // namespace

/// Builds the tape by recursive descent, never deeper than the limit.
class JsonTape {
 public:
  JsonTape(JsonDocument& document, unsigned depth)
      : document_(document), text_(document.text_), depth_(depth) {}

  void build() {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF")
      throw fail(0, "found a byte-order mark; expected UTF-8 without one");
    if (text_.substr(0, 2) == "\xFF\xFE" || text_.substr(0, 2) == "\xFE\xFF")
      throw fail(0, "found UTF-16; expected UTF-8");
    if (const std::size_t nul = text_.find('\0'); nul != std::string_view::npos)
      throw fail(nul, "found a NUL; expected JSON in UTF-8");
    advance();
    value(0, 1);
    advance();
    if (token_.kind != Token::end) throw unexpected("the end");
  }

 private:
  Error fail(std::size_t byte, std::string_view what) const {
    return Error("{}: {}: {}", document_.name_, place_in_text(text_, byte), what);
  }
  Error unexpected(std::string_view expected) const {
    if (token_.kind == Token::comment)
      return fail(token_.begin, fmt::format("found a comment; expected {}; JSON has no comments", expected));
    const std::string_view found = text_.substr(token_.begin, token_.end - token_.begin);
    return fail(token_.begin,
                fmt::format("found {}; expected {}", token_.kind == Token::end ? "the end" : printable(found),
                            expected));
  }

  void advance() {
    try {
      token_ = next_json_token(text_, token_.end);
    } catch (const JsonStringFault& fault) {
      throw fail(fault.byte, fault.what_is_wrong);
    }
  }

  std::uint32_t append(std::uint32_t parent) {
    const auto index = static_cast<std::uint32_t>(document_.values_.size());
    document_.values_.push_back({static_cast<std::uint32_t>(token_.begin),
                                 static_cast<std::uint32_t>(token_.end), index + 1, parent});
    return index;
  }

  void value(std::uint32_t parent, unsigned level) {
    switch (token_.kind) {
      case Token::string:
      case Token::number:
      case Token::word:
        append(parent);
        return;
      case Token::begin_array:
      case Token::begin_object: {
        if (level > depth_) throw fail(token_.begin, fmt::format("more than {} levels deep", depth_));
        const std::uint32_t index = append(parent);
        if (token_.kind == Token::begin_array)
          items(index, level);
        else
          members(index, level);
        document_.values_[index].next = static_cast<std::uint32_t>(document_.values_.size());
        return;
      }
      case Token::unknown:
        throw unexpected(std::string_view("+-.0123456789").find(text_[token_.begin]) == std::string_view::npos
                             ? "a value"
                             : "a number as JSON writes it: 0, -1, 0.5 or 1e-3");
      case Token::end_object:
      case Token::end_array:
      case Token::colon:
      case Token::comma:
      case Token::comment:
      case Token::end:
        throw unexpected("a value");
    }
  }

  void items(std::uint32_t array, unsigned level) {
    advance();
    if (token_.kind == Token::end_array) return;
    for (;; advance()) {
      value(array, level + 1);
      advance();
      if (token_.kind == Token::end_array) return;
      if (token_.kind != Token::comma) throw unexpected("',' or ']'");
    }
  }

  void members(std::uint32_t object, unsigned level) {
    advance();
    if (token_.kind == Token::end_object) return;
    for (;; advance()) {
      if (token_.kind != Token::string) throw unexpected("a key");
      append(object);
      advance();
      if (token_.kind != Token::colon) throw unexpected("':'");
      advance();
      value(object, level + 1);
      advance();
      if (token_.kind == Token::end_object) break;
      if (token_.kind != Token::comma) throw unexpected("',' or '}'");
    }
    document_.values_[object].next = static_cast<std::uint32_t>(document_.values_.size());
    reject_duplicates(object);
  }

  void reject_duplicates(std::uint32_t object) const {
    std::vector<std::pair<std::string_view, std::uint32_t>> keys;
    std::deque<std::string> decoded;
    document_.for_each_member(object, [&](std::uint32_t key, std::uint32_t) {
      const std::string_view token = document_.token(key);
      keys.emplace_back(has_escape(token) ? std::string_view(decoded.emplace_back(decode_json_string(token)))
                                          : token.substr(1, token.size() - 2),
                        key);
    });
    std::sort(keys.begin(), keys.end());
    std::uint32_t first = UINT32_MAX;
    for (std::size_t i = 1; i < keys.size(); ++i)
      if (keys[i].first == keys[i - 1].first) first = std::min(first, keys[i].second);
    if (first != UINT32_MAX)
      throw Error("{}: {}: duplicate key, again at {}", document_.name_, document_.pointer(first + 1),
                  place_in_text(text_, document_.values_[first].begin));
  }

  JsonDocument& document_;
  std::string_view text_;
  unsigned depth_;
  JsonToken token_;
};

JsonDocument::JsonDocument(std::string text, std::string name, const JsonLimits& limits)
    : name_(std::move(name)), text_(std::move(text)) {
  assert(limits.bytes < UINT32_MAX && "entries of the tape count bytes in 32 bits");
  if (text_.size() > limits.bytes) throw Error("{}: more than {} bytes long", name_, limits.bytes);
  JsonTape(*this, limits.depth).build();
  is_read_.resize(values_.size());
}

std::string JsonDocument::string(std::uint32_t index) const { return decode_json_string(token(index)); }

bool JsonDocument::has_text(std::uint32_t index, std::string_view text) const {
  const std::string_view raw = token(index);
  return has_escape(raw) ? decode_json_string(raw) == text : raw.substr(1, raw.size() - 2) == text;
}

std::string JsonDocument::pointer(std::uint32_t index) const {
  std::string path;
  while (index != 0) {
    const std::uint32_t parent = values_[index].parent;
    if (first_character(parent) == '{') {
      path.insert(0, pointer_part(string(index - 1)));
    } else {
      std::size_t position = 0;
      for (std::uint32_t item = parent + 1; item != index; item = values_[item].next) ++position;
      path.insert(0, fmt::format("/{}", position));
    }
    index = parent;
  }
  return path;
}

std::vector<std::string> JsonDocument::known_keys(std::uint32_t object) const {
  std::vector<std::string> known;
  for_each_member(object, [&](std::uint32_t key, std::uint32_t) {
    if (is_read_[key]) known.push_back(string(key));
  });
  if (const auto absent = absent_.find(object); absent != absent_.end())
    known.insert(known.end(), absent->second.begin(), absent->second.end());
  return known;
}

}  // namespace quatrain::base
