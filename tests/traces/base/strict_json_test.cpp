#include "traces/base/strict_json.hpp"

#include "tests/support/message_of.hpp"

#include <gtest/gtest.h>

#include <array>

namespace {

using quatrain::tests::message_of;
using quatrain::traces::JsonNode;

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
  EXPECT_EQ(complaint(R"({"a": 1, "b": 2, "a": 3})"), "f.json: /a: duplicate key, again at byte 17");
  EXPECT_EQ(complaint(R"({"o": [{"a": 1, "\u0061": 2}]})"),
            "f.json: /o/0/a: duplicate key, again at byte 16");
  EXPECT_EQ(complaint(R"({"a": {"a": {"a": 1}}})"), "nothing was thrown");
}

TEST(StrictJson, SyntaxIsStrict) {
  EXPECT_EQ(complaint(""), "f.json: byte 0: found the end; expected a value");
  EXPECT_EQ(complaint("\xEF\xBB\xBF{}"),
            "f.json: byte 0: found a byte-order mark; expected UTF-8 without one");
  EXPECT_EQ(complaint(std::string_view("{}\0{}", 5)), "f.json: byte 2: found a NUL; expected JSON");
  EXPECT_EQ(complaint("{} {}"), "f.json: byte 3: found {; expected the end");
  EXPECT_EQ(complaint("[1,]"), "f.json: byte 3: found ]; expected a value");
  EXPECT_EQ(complaint("[1 2]"), "f.json: byte 3: found 2; expected ',' or ']'");
  EXPECT_EQ(complaint("{\"a\" 1}"), "f.json: byte 5: found 1; expected ':'");
  EXPECT_EQ(complaint("{\"a\": 1,}"), "f.json: byte 8: found }; expected a key");
  EXPECT_EQ(complaint("{\"a\": 1"), "f.json: byte 7: found the end; expected ',' or '}'");
  EXPECT_EQ(complaint("{1: 1}"), "f.json: byte 1: found 1; expected a key");
  EXPECT_EQ(complaint("[01]"), "f.json: byte 2: found 1; expected ',' or ']'");
  EXPECT_EQ(complaint("nul"), "f.json: byte 2: invalid literal");
  EXPECT_EQ(complaint("// c\n1"), "f.json: byte 0: invalid literal");
  EXPECT_EQ(complaint("\"\xC3\x28\""), "f.json: byte 2: invalid string: ill-formed UTF-8 byte");
  EXPECT_EQ(complaint("\"\xED\xA0\x80\""), "f.json: byte 2: invalid string: ill-formed UTF-8 byte");
  EXPECT_EQ(complaint(R"("\ud800")"),
            "f.json: byte 7: invalid string: surrogate U+D800..U+DBFF must be followed by U+DC00..U+DFFF");
  EXPECT_EQ(complaint(R"("\udc00")"),
            "f.json: byte 6: invalid string: surrogate U+DC00..U+DFFF must follow U+D800..U+DBFF");
}

TEST(StrictJson, DepthAndSizeAreBounded) {
  EXPECT_EQ(message_of([] { JsonNode::parse("[[[0]]]", "f.json", {.bytes = 7, .depth = 3}); }),
            "nothing was thrown");
  EXPECT_EQ(message_of([] { JsonNode::parse("[[[0]]]", "f.json", {.bytes = 6, .depth = 3}); }),
            "f.json: more than 6 bytes long");
  EXPECT_EQ(message_of([] { JsonNode::parse("[[[0]]]", "f.json", {.bytes = 7, .depth = 2}); }),
            "f.json: byte 2: more than 2 levels deep");
  EXPECT_EQ(complaint(std::string(1000000, '[')), "f.json: byte 64: more than 64 levels deep");
}

TEST(StrictJson, HostileTextStaysOneShortLine) {
  const std::string text = "{\"" + std::string(200, 'k') + "\\n\": 1}";
  EXPECT_EQ(message_of([&] { parse(text).reject_unread_keys(); }),
            "f.json: /" + std::string(80, 'k') + "...: unknown key; expected none");
  EXPECT_EQ(message_of([&] { parse("\"a\\nb\\u00e9\"").integer(0, 1); }),
            "f.json: /: found 'a\\x0ab\\xc3\\xa9'; expected an integer from 0 to 1");
}

}  // namespace
