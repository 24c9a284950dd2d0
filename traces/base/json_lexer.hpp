#pragma once
/// JSON text (RFC 8259) cut into tokens that know their place. Internal to strict_json.

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace quatrain::base {

enum class JsonTokenKind : std::uint8_t {
  begin_object,
  end_object,
  begin_array,
  end_array,
  colon,
  comma,
  string,
  number,
  word,     ///< true, false or null
  comment,  ///< begins with //, /* or #: JSON has none
  unknown,  ///< characters that are no token
  end
};

struct JsonToken {
  JsonTokenKind kind = JsonTokenKind::end;
  std::size_t begin = 0, end = 0;  ///< bytes of the text
};

/// What is wrong inside a string.
struct JsonStringFault : std::exception {
  JsonStringFault(std::size_t at, std::string text) : byte(at), what_is_wrong(std::move(text)) {}
  const char* what() const noexcept override { return what_is_wrong.c_str(); }
  std::size_t byte;
  std::string what_is_wrong;  ///< "found ...; expected ..."
};

/// The token that begins at or behind `from`. Throws JsonStringFault for a string that is not UTF-8, not
/// closed or has a wrong escape.
JsonToken next_json_token(std::string_view text, std::size_t from);

/// The characters of a string token, quotes included, that next_json_token let through.
std::string decode_json_string(std::string_view token);

/// "line 3, column 7" of a byte; both begin at 1, a column is a UTF-8 character.
std::string place_in_text(std::string_view text, std::size_t byte);

}  // namespace quatrain::base
