/// --set: the key's path, the value's type, and what is refused.
#include "sim/embedded/overrides.hpp"

#include "tests/support/message_of.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace quatrain::sim {
namespace {

constexpr const char* config =
    R"({"name": "tiny", "quantize": {"gradient": "luq"}, "layers": [{"kernel": 3}, {"kernel": 5}], "data": null})";

std::string changed(const std::vector<std::string>& typed) {
  return nlohmann::ordered_json::parse(with_overrides(config, "tiny.json", parse_overrides(typed))).dump();
}
std::string refusal(const std::string& typed) {
  return tests::message_of([&] { changed({typed}); });
}

TEST(Overrides, ReplaceAndAddKeysByTheirPath) {
  EXPECT_EQ(
      changed({"name=big", "quantize.gradient=none", "quantize.samples=4", "layers.1.kernel=[3,1]",
               "data.augmentation.flip=true", "/layers/0/bias=false"}),
      R"({"name":"big","quantize":{"gradient":"none","samples":4},"layers":[{"kernel":3,"bias":false},{"kernel":[3,1]}],"data":{"augmentation":{"flip":true}}})");
}

TEST(Overrides, NullTakesAKeyOut) {
  EXPECT_EQ(changed({"quantize.gradient=null", "layers.0.kernel=null", "absent=null", "data=null"}),
            R"({"name":"tiny","quantize":{},"layers":[{},{"kernel":5}]})");
}

TEST(Overrides, TheLaterOfTwoWins) {
  EXPECT_EQ(changed({"name=a", "name=b"}), changed({"name=b"}));
  EXPECT_NE(changed({"name=a", "name=b"}), changed({"name=b", "name=a"}));
}

TEST(Overrides, AValueIsJsonWhereItCanBe) {
  const auto value_of = [](const std::string& value) { return parse_override("k=" + value).value; };
  EXPECT_EQ(value_of("4"), "4");
  EXPECT_EQ(value_of("4.0"), "4.0") << "no integer";
  EXPECT_EQ(value_of("\"4\""), "\"4\"");
  EXPECT_EQ(value_of("true"), "true");
  EXPECT_EQ(value_of("luq"), "\"luq\"");
  EXPECT_EQ(value_of(""), "\"\"");
  EXPECT_EQ(value_of("a=b"), "\"a=b\"");
  EXPECT_EQ(value_of("{\"a\": [1]}"), "{\"a\":[1]}");
}

TEST(Overrides, AListPartsAtOuterCommas) {
  using All = std::vector<Override>;
  EXPECT_EQ(parse_override_list("a.b=16,32"), (All{{"a.b", "16"}, {"a.b", "32"}}));
  EXPECT_EQ(parse_override_list("k=[1,2],{\"a\":1,\"b\":2},\"x,y\",z"),
            (All{{"k", "[1,2]"}, {"k", R"({"a":1,"b":2})"}, {"k", "\"x,y\""}, {"k", "\"z\""}}));
  EXPECT_EQ(parse_override_list("k=1"), (All{{"k", "1"}}));
}

TEST(Overrides, TheirTextGivesThemAgain) {
  for (const std::string value : {"4", "\"4\"", "luq", "[3,1]", "\"true\"", "two words", "{\"a\":1}", ""}) {
    const Override one = parse_override("a.b=" + value);
    EXPECT_EQ(parse_override(text_of(one)), one) << value;
  }
  EXPECT_EQ(text_of(parse_override("a=\"luq\"")), "a=luq");
}

TEST(Overrides, WhatLeadsNowhereIsRefusedByItsKey) {
  EXPECT_EQ(refusal("quantize.samples"),
            "--set: 'quantize.samples'; expected KEY=VALUE, as in quantize.samples=4");
  EXPECT_EQ(refusal("=4"), "--set: '=4'; expected KEY=VALUE, as in quantize.samples=4");
  EXPECT_EQ(refusal("name.first=x"),
            "--set name.first: /name is \"tiny\"; expected an object or a list there");
  EXPECT_EQ(refusal("layers.2.kernel=1"),
            "--set layers.2.kernel: /layers has 2 items and none '2'; expected a place from 0");
  EXPECT_EQ(refusal("layers.-1=1"),
            "--set layers.-1: /layers has 2 items and none '-1'; expected a place from 0");
  EXPECT_EQ(refusal("quantize..samples=1"),
            "--set quantize..samples: an empty name; expected a path like quantize.samples");
  EXPECT_EQ(refusal("quantize.=1"), "--set quantize.: an empty name; expected a path like quantize.samples");
}

TEST(Overrides, TheConfigIsReadStrictlyFirst) {
  EXPECT_EQ(tests::message_of([] { with_overrides(R"({"a": 1, "a": 2})", "mine.json", {}); }),
            tests::message_of([] { base::JsonNode::parse(R"({"a": 1, "a": 2})", "mine.json"); }));
}

TEST(Overrides, AConfigIsOpenedWithThem) {
  const std::vector<Override> set = {parse_override("seed=9")};
  const base::JsonNode node = open_config("demo_cnn", ConfigKind::training, set);
  EXPECT_EQ(node.at("seed").integer(0, 100), 9);
  EXPECT_EQ(node.file(), "configs/training/demo_cnn.json");
  EXPECT_EQ(context_of(set), "with --set seed=9");
}

}  // namespace
}  // namespace quatrain::sim
