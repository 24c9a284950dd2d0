#include "traces/base/strict_json.hpp"

#include "tests/support/message_of.hpp"

#include <gtest/gtest.h>

#include <array>
#include <tuple>

namespace {

using quatrain::tests::message_of;
using quatrain::base::JsonNode;

JsonNode parse(std::string_view text) { return JsonNode::parse(text, "f.json"); }
std::string complaint(std::string_view text) {
  return message_of([&] { parse(text); });
}

TEST(StrictJson, ValuesComeBack) {
  const JsonNode root = parse(
      R"({"whole": -7, "real": 2.5e1, "yes": true, "no": false, "none": null, "text": "a\u00e9\n\"\ud83d\ude00", "list": [1, [2], {"k": 3}]})");
  EXPECT_EQ(root.at("whole").integer(-10, 10), -7);
  EXPECT_EQ(root.at("real").number(0, 100), 25.0);
  EXPECT_EQ(root.at("whole").number(-10, 10), -7.0);
  EXPECT_TRUE(root.at("yes").boolean());
  EXPECT_FALSE(root.at("no").boolean());
  EXPECT_TRUE(root.at("none").is_null());
  EXPECT_EQ(root.at("text").string(), "a\xC3\xA9\n\"\xF0\x9F\x98\x80");
  const auto items = root.at("list").items(3, 3);
  EXPECT_EQ(items[0].integer(1, 1), 1);
  EXPECT_EQ(items[1].items().size(), 1U);
  EXPECT_EQ(items[2].at("k").pointer(), "/list/2/k");
  EXPECT_FALSE(root.has("absent"));
  root.reject_unread_keys();
  const auto members = root.members();
  ASSERT_EQ(members.size(), 7U);
  EXPECT_EQ(members[6].first, "list");
}

TEST(StrictJson, IntegersOfBothEnds) {
  EXPECT_EQ(parse("9223372036854775807").integer(INT64_MIN, INT64_MAX), INT64_MAX);
  EXPECT_EQ(parse("-9223372036854775808").integer(INT64_MIN, INT64_MAX), INT64_MIN);
  EXPECT_EQ(parse("0").integer(0, 0), 0);
}

/// A number is judged by its text: what a parser's double would hide.
TEST(StrictJson, WhatIsNoInteger) {
  for (const std::string text : {"1.0", "1e3", "1E3", "-0", "18446744073709551616", "9223372036854775808",
                                 "-1", "11", "\"1\"", "true", "null"}) {
    const std::string found = text[0] == '"' ? "'1'" : text;
    EXPECT_EQ(message_of([&] { parse(text).integer(0, 10); }),
              "f.json: /: found " + found + "; expected an integer from 0 to 10");
  }
  EXPECT_EQ(
      message_of([] { parse(R"({"a": [0, {"b/~": 1.5}]})").at("a").items()[1].at("b/~").integer(0, 1); }),
      "f.json: /a/1/b~1~0: found 1.5; expected an integer from 0 to 1");
}

TEST(StrictJson, NumbersAreFinite) {
  EXPECT_EQ(message_of([] { parse("1e999").number(0, 1e308); }),
            "f.json: /: found 1e999; expected a number from 0 to 1e+308");
  EXPECT_EQ(message_of([] { parse("[]").number(0, 1); }),
            "f.json: /: found an array; expected a number from 0 to 1");
  EXPECT_EQ(parse("-0").number(-1, 1), 0.0);
}

TEST(StrictJson, WrongTypesAreNamed) {
  EXPECT_EQ(message_of([] { parse("[1]").at("k"); }),
            "f.json: /: found an array; expected an object with the key 'k'");
  EXPECT_EQ(message_of([] { parse("1").has("k"); }), "f.json: /: found 1; expected an object");
  EXPECT_EQ(message_of([] { parse("null").members(); }), "f.json: /: found null; expected an object");
  EXPECT_EQ(message_of([] { parse("[1, [2]]").reject_unread_keys(); }),
            "f.json: /: found an array; expected an object");
  EXPECT_EQ(message_of([] { parse(R"({"a": 0, "b": 0})").members(1); }),
            "f.json: /: found 2 keys; expected at most 1");
  EXPECT_EQ(message_of([] { parse("{}").items(); }), "f.json: /: found an object; expected an array");
  EXPECT_EQ(message_of([] { parse("1").boolean(); }), "f.json: /: found 1; expected true or false");
  EXPECT_EQ(message_of([] { parse("1").string(); }), "f.json: /: found 1; expected a string");
  EXPECT_EQ(message_of([] { parse("[1]").items(2, 2); }), "f.json: /: found 1 items; expected 2");
  EXPECT_EQ(message_of([] { parse("[1]").items(2, 8); }), "f.json: /: found 1 items; expected from 2 to 8");
  EXPECT_EQ(message_of([] { parse("[]").items(1); }), "f.json: /: found 0 items; expected at least 1");
  EXPECT_EQ(message_of([] { parse("\"abc\"").string(1, 2); }),
            "f.json: /: found a string of 3 bytes; expected from 1 to 2");
  EXPECT_EQ(message_of([] { parse("\"\"").string(1); }),
            "f.json: /: found a string of 0 bytes; expected at least 1");
  constexpr std::array<std::string_view, 3> words = {"exact", "pow2", "other"};
  EXPECT_EQ(message_of([&] { parse("\"pow3\"").one_of(words); }),
            "f.json: /: found 'pow3'; expected 'exact', 'pow2' or 'other'");
  EXPECT_EQ(parse("\"pow2\"").one_of(words), 1U);
}

TEST(StrictJson, UnknownAndMissingKeysNameTheNearest) {
  const auto read_array = [](const std::string& text) {
    const JsonNode array = parse(text).at("array");
    array.at("rows");
    array.at("columns");
    array.has("clock_mhz");
    array.reject_unread_keys("x_");
  };
  read_array(R"({"array": {"rows": 1, "columns": 2, "x_note": 3}})");
  EXPECT_EQ(message_of([&] { read_array(R"({"array": {"rows": 1, "columns": 2, "clock_mzh": 3}})"); }),
            "f.json: /array/clock_mzh: unknown key; did you mean 'clock_mhz'?");
  EXPECT_EQ(message_of([&] { read_array(R"({"array": {"rows": 1, "columns": 2, "q": 3}})"); }),
            "f.json: /array/q: unknown key; expected 'rows', 'columns' or 'clock_mhz'");
  EXPECT_EQ(message_of([&] { read_array(R"({"array": {"rows": 1, "colums": 2}})"); }),
            "f.json: /array: the key 'columns' is missing; the nearest one there is 'colums'");
  EXPECT_EQ(message_of([&] { read_array(R"({"array": {"rows": 1}})"); }),
            "f.json: /array: the key 'columns' is missing");
  EXPECT_EQ(message_of([] { parse(R"({"x_a": 1})").reject_unread_keys(); }),
            "f.json: /x_a: unknown key; expected none");
}

TEST(StrictJson, DuplicateKeysAreFoundHoweverTheyAreSpelled) {
  EXPECT_EQ(complaint(R"({"a": 1, "b": 2, "a": 3})"),
            "f.json: /a: duplicate key, again at line 1, column 18");
  EXPECT_EQ(complaint(R"({"o": [{"a": 1, "\u0061": 2}]})"),
            "f.json: /o/0/a: duplicate key, again at line 1, column 17");
  EXPECT_EQ(complaint(R"({"a": {"a": {"a": 1}}})"), "nothing was thrown");
}

TEST(StrictJson, SyntaxIsStrict) {
  const auto first_line = [](std::string_view text) {
    const std::string whole = complaint(text), front = "f.json: line 1, column ";
    return whole.substr(0, front.size()) == front ? whole.substr(front.size()) : whole;
  };
  EXPECT_EQ(first_line(""), "1: found the end; expected a value");
  EXPECT_EQ(first_line("{} {}"), "4: found {; expected the end");
  EXPECT_EQ(first_line("[1,]"), "4: found ]; expected a value");
  EXPECT_EQ(first_line("[1 2]"), "4: found 2; expected ',' or ']'");
  EXPECT_EQ(first_line("{\"a\" 1}"), "6: found 1; expected ':'");
  EXPECT_EQ(first_line("{\"a\": 1,}"), "9: found }; expected a key");
  EXPECT_EQ(first_line("{\"a\": 1,, \"b\": 2}"), "9: found ,; expected a key");
  EXPECT_EQ(first_line("{\"a\": 1"), "8: found the end; expected ',' or '}'");
  EXPECT_EQ(first_line("{1: 1}"), "2: found 1; expected a key");
  EXPECT_EQ(first_line("nul"), "1: found nul; expected a value");
  EXPECT_EQ(first_line("[True]"), "2: found True; expected a value");
  EXPECT_EQ(first_line("[NaN]"), "2: found NaN; expected a value");
  EXPECT_EQ(first_line("['a']"), "2: found 'a'; expected a value");
  EXPECT_EQ(first_line("[1a]"), "2: found 1a; expected a number as JSON writes it: 0, -1, 0.5 or 1e-3");
  EXPECT_EQ(first_line("[1 /]"), "4: found /; expected ',' or ']'");
}

TEST(StrictJson, NumbersAreWrittenAsJsonWritesThem) {
  for (const std::string text : {"0", "-0", "10", "0.5", "-1.25e+10", "1E5", "1e-05"})
    EXPECT_EQ(complaint(text), "nothing was thrown") << text;
  for (const std::string text : {"01", "-01", "+1", ".5", "1.", "-", "1e", "1e+", "1.e5", "0x10", "1_000"})
    EXPECT_EQ(complaint(text), "f.json: line 1, column 1: found " + text +
                                   "; expected a number as JSON writes it: 0, -1, 0.5 or 1e-3");
}

TEST(StrictJson, PlacesAreLinesAndCharacters) {
  EXPECT_EQ(complaint("{\n  \"a\": 1,\n  \"b\": }\n"), "f.json: line 3, column 8: found }; expected a value");
  EXPECT_EQ(complaint("{\r\n  \"a\": 1,\r\n  \"b\": }\r\n"),
            "f.json: line 3, column 8: found }; expected a value");
  EXPECT_EQ(complaint("[\"\xC3\xA9\xE2\x82\xAC\", }"), "f.json: line 1, column 8: found }; expected a value");
  EXPECT_EQ(complaint("[\n1"), "f.json: line 2, column 2: found the end; expected ',' or ']'");
  EXPECT_EQ(complaint("{\"a\": 1,\n \"b\": 2,\n \"a\": 3}"),
            "f.json: /a: duplicate key, again at line 3, column 2");
}

/// Every kind of white space that JSON has, and no other.
TEST(StrictJson, WhiteSpace) {
  EXPECT_EQ(parse("\r\n\t [ \r\n 1 ,\t2 ] \r\n").items().size(), 2U);
  EXPECT_EQ(complaint("[1,\v2]"), "f.json: line 1, column 4: found \\x0b2; expected a value");
  EXPECT_EQ(complaint("[1,\xC2\xA0]"), "f.json: line 1, column 4: found \\xc2\\xa0; expected a value");
}

TEST(StrictJson, CommentsAreNamed) {
  EXPECT_EQ(complaint("// my network\n{}"),
            "f.json: line 1, column 1: found a comment; expected a value; JSON has no comments");
  EXPECT_EQ(complaint("{ \"a\": 1, /* b */ \"b\": 2}"),
            "f.json: line 1, column 11: found a comment; expected a key; JSON has no comments");
  EXPECT_EQ(complaint("[1 # one\n]"),
            "f.json: line 1, column 4: found a comment; expected ',' or ']'; JSON has no comments");
  EXPECT_EQ(complaint("{}\n// the end"),
            "f.json: line 2, column 1: found a comment; expected the end; JSON has no comments");
  EXPECT_EQ(complaint("[\"// no comment\"]"), "nothing was thrown");
}

TEST(StrictJson, OtherEncodingsAreNamed) {
  EXPECT_EQ(complaint("\xEF\xBB\xBF{}"),
            "f.json: line 1, column 1: found a byte-order mark; expected UTF-8 without one");
  EXPECT_EQ(complaint(std::string_view("\xFF\xFE{\0}\0", 6)),
            "f.json: line 1, column 1: found UTF-16; expected UTF-8");
  EXPECT_EQ(complaint(std::string_view("\xFE\xFF\0{\0}", 6)),
            "f.json: line 1, column 1: found UTF-16; expected UTF-8");
  EXPECT_EQ(complaint(std::string_view("{}\0{}", 5)),
            "f.json: line 1, column 3: found a NUL; expected JSON in UTF-8");
  EXPECT_EQ(complaint(std::string_view("{\"\0\": 1}", 8)),
            "f.json: line 1, column 3: found a NUL; expected JSON in UTF-8");
}

TEST(StrictJson, Strings) {
  EXPECT_EQ(parse(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud834\udd1e")").string(),
            "\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E");
  EXPECT_EQ(
      parse("\"\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\"").string(),
      "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
  const auto wrong = [](std::string_view inside) {
    const std::string whole = complaint(fmt::format("\"{}\"", inside)), front = "f.json: line 1, column ";
    return whole.substr(0, front.size()) == front ? whole.substr(front.size()) : whole;
  };
  EXPECT_EQ(wrong("a\nb"), "3: found the end of the line in a string; expected '\"'");
  EXPECT_EQ(wrong("a\r\nb"), "3: found the end of the line in a string; expected '\"'");
  EXPECT_EQ(wrong("a\tb"), "3: found \\x09 in a string; expected it as \\u0009");
  EXPECT_EQ(complaint("[\"ab"), "f.json: line 1, column 5: found the end; expected '\"'");
  EXPECT_EQ(complaint("[\"ab\\"),
            "f.json: line 1, column 5: found \\; expected \\\", \\\\, \\/, \\b, \\f, \\n, \\r, \\t or \\u");
  EXPECT_EQ(wrong("\\q"), "2: found \\q; expected \\\", \\\\, \\/, \\b, \\f, \\n, \\r, \\t or \\u");
  EXPECT_EQ(wrong("\\u12g4"), "2: found \\u12g4; expected \\u and four hexadecimal digits");
  EXPECT_EQ(wrong("\\u-123"), "2: found \\u-123; expected \\u and four hexadecimal digits");
  EXPECT_EQ(wrong("\\ud800"), "2: found \\ud800; expected \\udc00 to \\udfff behind it");
  EXPECT_EQ(wrong("\\ud800\\u0041"), "2: found \\ud800; expected \\udc00 to \\udfff behind it");
  EXPECT_EQ(wrong("\\udc00"), "2: found \\udc00; expected \\ud800 to \\udbff before it");
}

/// Lone continuation bytes, overlong forms, surrogates, above U+10FFFF, characters that are cut.
TEST(StrictJson, WhatIsNotUtf8) {
  for (const auto& [bytes, byte, column] : {std::tuple("\x80", "80", 2),
                                            {"\xBF", "bf", 2},
                                            {"\xC0\xAF", "c0", 2},
                                            {"\xC1\xBF", "c1", 2},
                                            {"\xC3\x28", "(", 3},
                                            {"\xE0\x9F\xBF", "9f", 3},
                                            {"\xE2\x82(", "(", 3},
                                            {"\xED\xA0\x80", "a0", 3},
                                            {"\xF0\x8F\xBF\xBF", "8f", 3},
                                            {"\xF4\x90\x80\x80", "90", 3},
                                            {"\xF5\x80\x80\x80", "f5", 2},
                                            {"\xFF", "ff", 2}}) {
    const std::string shown = byte == std::string("(") ? "(" : fmt::format("\\x{}", byte);
    EXPECT_EQ(complaint(fmt::format("\"{}\"", bytes)), "f.json: line 1, column " + std::to_string(column) +
                                                           ": found the byte " + shown + "; expected UTF-8");
  }
}

TEST(StrictJson, AConfigMayNameItsSchema) {
  const auto read = [](std::string_view text) {
    const JsonNode root = parse(text);
    root.at("a");
    root.read_schema_key();
    root.reject_unread_keys();
  };
  read(R"({"$schema": "a.schema.json", "a": 1})");
  read(R"({"a": 1})");
  EXPECT_EQ(message_of([&] { read(R"({"$schema": 1, "a": 1})"); }),
            "f.json: /$schema: found 1; expected a string");
  EXPECT_EQ(message_of([&] { read(R"({"$shema": "a", "a": 1})"); }),
            "f.json: /$shema: unknown key; expected 'a'");
}

TEST(StrictJson, DepthAndSizeAreBounded) {
  EXPECT_EQ(message_of([] { JsonNode::parse("[[[0]]]", "f.json", {.bytes = 7, .depth = 3}); }),
            "nothing was thrown");
  EXPECT_EQ(message_of([] { JsonNode::parse("[[[0]]]", "f.json", {.bytes = 6, .depth = 3}); }),
            "f.json: more than 6 bytes long");
  EXPECT_EQ(message_of([] { JsonNode::parse("[[[0]]]", "f.json", {.bytes = 7, .depth = 2}); }),
            "f.json: line 1, column 3: more than 2 levels deep");
  EXPECT_EQ(complaint(std::string(1000000, '[')), "f.json: line 1, column 65: more than 64 levels deep");
}

TEST(StrictJson, HostileTextStaysOneShortLine) {
  const std::string text = "{\"" + std::string(200, 'k') + "\\n\": 1}";
  EXPECT_EQ(message_of([&] { parse(text).reject_unread_keys(); }),
            "f.json: /" + std::string(80, 'k') + "...: unknown key; expected none");
  EXPECT_EQ(message_of([&] { parse("\"a\\nb\\u00e9\"").integer(0, 1); }),
            "f.json: /: found 'a\\x0ab\\xc3\\xa9'; expected an integer from 0 to 1");
}

}  // namespace
