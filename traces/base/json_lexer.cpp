#include "traces/base/json_lexer.hpp"

#include "traces/base/error.hpp"

#include <algorithm>
#include <charconv>

namespace quatrain::base {
namespace {

constexpr std::string_view white_space = " \t\n\r";

bool is_digit(char character) { return character >= '0' && character <= '9'; }

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// Behind the digits that begin at `from`, or `from` when there are none.
std::size_t behind_digits(std::string_view text, std::size_t from) {
  while (from < text.size() && is_digit(text[from])) ++from;
  return from;
}

/// Is the whole of `text` a number: -? (0 | 1-9 digits) (. digits)? ([eE] [+-]? digits)? ?
bool is_number_text(std::string_view text) {
  const auto has = [&](std::size_t at, std::string_view set) {
    return at < text.size() && set.find(text[at]) != std::string_view::npos;
  };
  std::size_t at = has(0, "-") ? 1 : 0;
  const std::size_t whole = at;
  at = behind_digits(text, at);
  if (at == whole || (text[whole] == '0' && at != whole + 1)) return false;
  if (has(at, ".")) {
    const std::size_t digits = at + 1;
    at = behind_digits(text, digits);
    if (at == digits) return false;
  }
  if (has(at, "eE")) {
    const std::size_t digits = at + (has(at + 1, "+-") ? 2 : 1);
    at = behind_digits(text, digits);
    if (at == digits) return false;
  }
  return at == text.size();
}

/// Bytes of the UTF-8 character at `at`: no overlong form, no surrogate, nothing above U+10FFFF. 0 when it is
/// none; then `at` is moved to the byte that is wrong.
std::size_t utf8_length(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
  const unsigned first = byte(at);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  const unsigned least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned next = byte(at + i);
    if (next < (i == 1 ? least : 0x80) || next > (i == 1 ? most : 0xBF)) {
      at += i;
      return 0;
    }
  }
  return length;
}

/// The four hexadecimal digits behind a \u at `at`, or -1.
int hexadecimal(std::string_view text, std::size_t at) {
  const std::string_view digits = text.substr(std::min(at + 2, text.size()), 4);
  int value = -1;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return digits.size() == 4 && status == std::errc{} && end == digits.data() + 4 && digits[0] != '-' ? value
                                                                                                     : -1;
}
bool is_high_surrogate(int unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(int unit) { return unit >= 0xDC00 && unit < 0xE000; }

/// Bytes of the escape at `at`.
std::size_t escape_length(std::string_view text, std::size_t at) {
  const auto fail = [&](std::size_t length, std::string_view expected) {
    return JsonStringFault(
        at, fmt::format("found {}; expected {}", printable(text.substr(at, length)), expected));
  };
  const char letter = at + 1 < text.size() ? text[at + 1] : '\0';
  if (letter != 'u') {
    if (std::string_view("\"\\/bfnrt").find(letter) == std::string_view::npos || letter == '\0')
      throw fail(2, "\\\", \\\\, \\/, \\b, \\f, \\n, \\r, \\t or \\u");
    return 2;
  }
  const int unit = hexadecimal(text, at);
  if (unit < 0) throw fail(6, "\\u and four hexadecimal digits");
  if (is_low_surrogate(unit)) throw fail(6, "\\ud800 to \\udbff before it");
  if (!is_high_surrogate(unit)) return 6;
  const bool is_pair = text.substr(at + 6, 2) == "\\u" && is_low_surrogate(hexadecimal(text, at + 6));
  if (!is_pair) throw fail(6, "\\udc00 to \\udfff behind it");
  return 12;
}

/// Behind the string that begins at `begin`.
std::size_t behind_string(std::string_view text, std::size_t begin) {
  for (std::size_t at = begin + 1; at < text.size();) {
    const char character = text[at];
    if (character == '"') return at + 1;
    if (character == '\\') {
      at += escape_length(text, at);
    } else if (character == '\n' || character == '\r') {
      throw JsonStringFault(at, "found the end of the line in a string; expected '\"'");
    } else if (static_cast<unsigned char>(character) < ' ') {
      throw JsonStringFault(at, fmt::format("found {} in a string; expected it as \\u{:04x}",
                                            printable(text.substr(at, 1)), static_cast<unsigned>(character)));
    } else {
      const std::size_t length = utf8_length(text, at);
      if (length == 0)
        throw JsonStringFault(at, at < text.size() ? fmt::format("found the byte {}; expected UTF-8",
                                                                 printable(text.substr(at, 1)))
                                                   : "found the end; expected UTF-8");
      at += length;
    }
  }
  throw JsonStringFault(text.size(), "found the end; expected '\"'");
}

void append_utf8(std::string& text, unsigned point) {
  const auto append = [&](unsigned byte) { text += static_cast<char>(byte); };
  if (point < 0x80) return append(point);
  if (point < 0x800) {
    append(0xC0 | point >> 6);
  } else {
    if (point < 0x10000) {
      append(0xE0 | point >> 12);
    } else {
      append(0xF0 | point >> 18);
      append(0x80 | (point >> 12 & 0x3F));
    }
    append(0x80 | (point >> 6 & 0x3F));
  }
  append(0x80 | (point & 0x3F));
}

/// Number, word, or characters that are neither, up to what may stand behind a value.
JsonToken plain_token(std::string_view text, std::size_t begin) {
  const std::size_t end = std::min(text.find_first_of(" \t\n\r{}[]:,\"", begin), text.size());
  const std::string_view token = text.substr(begin, end - begin);
  if (is_number_text(token)) return {JsonTokenKind::number, begin, end};
  if (token == "true" || token == "false" || token == "null") return {JsonTokenKind::word, begin, end};
  const bool is_comment = token.substr(0, 2) == "//" || token.substr(0, 2) == "/*" || token[0] == '#';
  return {is_comment ? JsonTokenKind::comment : JsonTokenKind::unknown, begin, end};
}

}  // namespace

JsonToken next_json_token(std::string_view text, std::size_t from) {
  const std::size_t begin = std::min(text.find_first_not_of(white_space, from), text.size());
  if (begin == text.size()) return {JsonTokenKind::end, begin, begin};
  const auto mark = [&](JsonTokenKind kind) { return JsonToken{kind, begin, begin + 1}; };
  switch (text[begin]) {
    case '{':
      return mark(JsonTokenKind::begin_object);
    case '}':
      return mark(JsonTokenKind::end_object);
    case '[':
      return mark(JsonTokenKind::begin_array);
    case ']':
      return mark(JsonTokenKind::end_array);
    case ':':
      return mark(JsonTokenKind::colon);
    case ',':
      return mark(JsonTokenKind::comma);
    case '"':
      return {JsonTokenKind::string, begin, behind_string(text, begin)};
    default:
      return plain_token(text, begin);
  }
}

std::string decode_json_string(std::string_view token) {
  std::string text;
  text.reserve(token.size());
  for (std::size_t at = 1; at + 1 < token.size(); ++at) {
    if (token[at] != '\\') {
      text += token[at];
      continue;
    }
    switch (const char letter = token[++at]; letter) {
      case 'b':
        text += '\b';
        break;
      case 'f':
        text += '\f';
        break;
      case 'n':
        text += '\n';
        break;
      case 'r':
        text += '\r';
        break;
      case 't':
        text += '\t';
        break;
      case 'u': {
        auto point = static_cast<unsigned>(hexadecimal(token, at - 1));
        at += 4;
        if (is_high_surrogate(static_cast<int>(point))) {
          const auto low = static_cast<unsigned>(hexadecimal(token, at + 1));
          point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
          at += 6;
        }
        append_utf8(text, point);
        break;
      }
      default:
        text += letter;  // a quote, a backslash or a slash
    }
  }
  return text;
}

std::string place_in_text(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, byte);
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::string_view line = before.substr(line_begin);
  const auto columns =
      std::count_if(line.begin(), line.end(), [](char one) { return !is_continuation(one); });
  return fmt::format("line {}, column {}", lines + 1, columns + 1);
}

}  // namespace quatrain::base
