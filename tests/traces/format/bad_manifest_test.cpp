/// One edit of manifest.json each, SHA256SUMS recomputed: `trace check` and the reader say the same whole
/// line.
#include "tests/support/folder.hpp"
#include "tests/traces/format/small_trace.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <vector>

namespace {

using namespace quatrain::tests;

struct Edit {
  std::string from, to;
  std::string message;  ///< behind "T/manifest.json: "
};

class BadManifest : public testing::Test {
 protected:
  BadManifest() {
    write_small_trace(scratch_ / "good");
    good_ = TraceBytes::read(scratch_ / "good");
  }

  void expect(const std::vector<Edit>& edits) {
    for (const Edit& edit : edits) {
      SCOPED_TRACE(edit.from + " -> " + edit.to);
      TraceBytes trace = good_;
      trace.replace("manifest.json", edit.from, edit.to);
      expect_message(trace, "T/manifest.json: " + edit.message);
    }
  }

  void expect_message(TraceBytes& trace, const std::string& message) {
    trace.update_sums();
    trace.write(scratch_ / "bad");
    EXPECT_EQ(check_message(scratch_ / "bad"), message);
    EXPECT_EQ(read_message(scratch_ / "bad"), message);
  }

  Folder scratch_;
  TraceBytes good_;
};

TEST_F(BadManifest, Version) {
  expect({{"quatrain-trace", "other-trace", "/format: found 'other-trace'; expected 'quatrain-trace'"},
          {"\"version\": 1,", "\"version\": 2,", "/version: found 2; expected an integer from 1 to 1"},
          {"\"version\": 1,", "\"version\": 1.0,", "/version: found 1.0; expected an integer from 1 to 1"},
          {"strict4/1", "strict4/2", "/numerics: found 'strict4/2'; expected 'strict4/1'"}});
}

TEST_F(BadManifest, Syntax) {
  expect(
      {{"{", "\xEF\xBB\xBF{", "line 1, column 1: found a byte-order mark; expected UTF-8 without one"},
       {"\"seed\": 7", "\"seed\": 7, \"seed\": 8", "/run/seed: duplicate key, again at line 6, column 45"},
       {"for tests", "\\ud800", "line 6, column 139: found \\ud800; expected \\udc00 to \\udfff behind it"},
       {"for tests", "\xff", "line 6, column 139: found the byte \\xff; expected UTF-8"},
       {"\"seed\": 7", "\"seed\": 07",
        "line 6, column 42: found 07; expected a number as JSON writes it: 0, -1, 0.5 or 1e-3"},
       {"\"gemms\": [", "\"gemms\": [,", "line 41, column 13: found ,; expected a value"},
       {"\n}\n", "\n}\n{}", "line 51, column 1: found {; expected the end"},
       {"\"seed\": 7", "\"x_deep\": " + std::string(64, '[') + std::string(64, ']') + ", \"seed\": 7",
        "line 6, column 106: more than 64 levels deep"},
       {"\"seed\": 7", "\"x_twice\": {\"a\": 0, \"a\": 0}, \"seed\": 7",
        "/run/x_twice/a: duplicate key, again at line 6, column 54"}});
}

TEST_F(BadManifest, KeysAndTypes) {
  expect(
      {{"\"seed\": 7, ", "", "/run: the key 'seed' is missing"},
       {"\"note\"", "\"nota\"", "/run: the key 'note' is missing; the nearest one there is 'nota'"},
       {"\"seed\": 7", "\"sead\": 7, \"seed\": 7", "/run/sead: unknown key; did you mean 'seed'?"},
       {"\"crc32c\": \"b12169dd\"", "\"crc32c\": \"b12169dd\", \"y_z\": 0",
        "/tensors/1~1forward~1accumulators/y_z: unknown key; expected 'file', 'encoding', 'shape' or "
        "'crc32c'"},
       {"\"seed\": 7", "\"seed\": \"7\"", "/run/seed: found '7'; expected an integer from 0 to 4294967295"},
       {"\"seed\": 7", "\"seed\": -0", "/run/seed: found -0; expected an integer from 0 to 4294967295"},
       {"\"seed\": 7", "\"seed\": 1e3", "/run/seed: found 1e3; expected an integer from 0 to 4294967295"},
       {"\"seed\": 7", "\"seed\": 4294967296",
        "/run/seed: found 4294967296; expected an integer from 0 to 4294967295"},
       {"\"seed\": 7", "\"seed\": 18446744073709551616",
        "/run/seed: found 18446744073709551616; expected an integer from 0 to 4294967295"},
       {"\"layers\": [", "\"layers\": [0, ", "/layers/0: found 0; expected an object with the key 'id'"},
       {std::string(64, 'a'), std::string(64, 'A'),
        "/run/config_sha256: found '" + std::string(64, 'A') +
            "'; expected 64 lower-case hexadecimal digits or null"}});
}

TEST_F(BadManifest, Tensors) {
  const std::string shape = "/tensors/1~1forward~1accumulators/shape";
  const std::string file_rule = "'; expected 1 to 100 of A-Z a-z 0-9 _ . - ending in .safetensors";
  const std::string id_rule =
      ": not a tensor's id; expected 1 to 200 printable ASCII characters, not beginning with x_ or __";
  expect({{"[1, 3, 2, 1]", "[1, 3, 0, 1]", shape + "/2: found 0; expected an integer from 1 to 2147483647"},
          {"[1, 3, 2, 1]", "[1, 3, -2, 1]", shape + "/2: found -2; expected an integer from 1 to 2147483647"},
          {"[1, 3, 2, 1]", "[65536, 65536, 65536, 65536]", shape + ": 2^31 elements or more; expected fewer"},
          {"[1, 3, 2, 1]", "[2, 1073741824]", shape + ": 2^31 elements or more; expected fewer"},
          {"[1, 3, 2, 1]", "[]", shape + ": found 0 items; expected from 1 to 8"},
          {"[1, 3, 2, 1]", "[1,1,1,1,1,1,1,1,1]", shape + ": found 9 items; expected from 1 to 8"},
          {"[1, 3, 2, 1]", "6", shape + ": found 6; expected an array"},
          {"\"step_0.safetensors\"", "\"../a.safetensors\"",
           "/tensors/1~1forward~1accumulators/file: found '../a.safetensors" + file_rule},
          {"\"step_0.safetensors\"", "\".safetensors\"",
           "/tensors/1~1forward~1accumulators/file: found '.safetensors" + file_rule},
          {"\"step_0.safetensors\"", "\"a\\u0000.safetensors\"",
           "/tensors/1~1forward~1accumulators/file: found 'a\\x00.safetensors" + file_rule},
          {"\"int32\"", "\"int8\"",
           "/tensors/1~1forward~1accumulators/encoding: found 'int8'; expected 'fp32', 'int32', 'int4', "
           "'uint4' or "
           "'fp4_e3m0'"},
          {"\"b12169dd\"", "\"B12169DD\"",
           "/tensors/1~1forward~1accumulators/crc32c: found 'B12169DD'; expected 8 lower-case hexadecimal "
           "digits"},
          {"\"1/forward/accumulators\": {", "\"x_1/forward/accumulators\": {",
           "/tensors/x_1~1forward~1accumulators" + id_rule},
          {"\"1/forward/accumulators\": {", "\"__metadata__\": {", "/tensors/__metadata__" + id_rule},
          {"\"1/forward/accumulators\": {", "\"\": {", "/tensors/" + id_rule},
          {"\"1/forward/accumulators\": {", "\"\\n\": {", "/tensors/\\x0a" + id_rule},
          {"\"1/forward/accumulators\": {", "\"\\u0000\": {", "/tensors/\\x00" + id_rule},
          {"\"1/forward/accumulators\": {", fmt::format("\"{}\": {{", std::string(201, 'i')),
           fmt::format("/tensors/{}...{}", std::string(80, 'i'), id_rule)}});
}

TEST_F(BadManifest, Layers) {
  expect({{"\"name\": \"conv\"", "\"name\": \"co nv\"",
           "/layers/0/name: found 'co nv'; expected A-Z a-z 0-9 _ . -"},
          {"\"name\": \"conv\"", "\"name\": \"conv/1\"",
           "/layers/0/name: found 'conv/1'; expected A-Z a-z 0-9 _ . -"},
          {"\"name\": \"conv\"", "\"name\": \"a\\u0000\"",
           "/layers/0/name: found 'a\\x00'; expected A-Z a-z 0-9 _ . -"},
          {"\"name\": \"conv\"", fmt::format("\"name\": \"{}\"", std::string(101, 'n')),
           "/layers/0/name: found a string of 101 bytes; expected from 1 to 100"},
          {"\"name\": \"conv\"", "\"name\": \"\"",
           "/layers/0/name: found a string of 0 bytes; expected from 1 to 100"},
          {"\"conv2d\"", "\"conv3d\"", "/layers/0/kind: found 'conv3d'; expected 'conv2d' or 'linear'"},
          {"\"kernel\": [2, 3]", "\"kernel\": [2, 0]",
           "/layers/0/kernel/1: found 0; expected an integer from 1 to 2147483647"},
          {"\"kernel\": [2, 3]", "\"kernel\": [2]", "/layers/0/kernel: found 1 items; expected 2"},
          {"\"padding\": [1, 0]", "\"padding\": [1, 2147483648]",
           "/layers/0/padding/1: found 2147483648; expected an integer from 0 to 2147483647"},
          {"\"groups\": 1}", "\"groups\": 2}",
           "/layers/0/groups: 2 groups do not divide 2 input and 3 output channels"},
          {"\"in_features\": 3", "\"in_features\": 3, \"groups\": 1",
           "/layers/1/groups: unknown key; expected 'id', 'name', 'kind', 'in_features' or 'out_features'"},
          {"{\"id\": 2", "{\"id\": 1", "/layers/1: 1 is the id of an earlier layer"},
          {"\"name\": \"fc\"", "\"name\": \"conv\"", "/layers/1: 'conv' is the name of an earlier layer"}});
}

TEST_F(BadManifest, QuantizerFields) {
  const std::string bits_rule = "; expected the bits of a finite fp32 with sign 0";
  const std::string scale = "\"clip\": \"3fa00000\", \"scale\": \"3e800000\"";
  const auto with_scale = [](const std::string& bits) {
    return "\"clip\": \"3fa00000\", \"scale\": \"" + bits + "\"";
  };
  expect({{scale, with_scale("7fc00000"), "/quantizers/0/scale: found '7fc00000'" + bits_rule},
          {scale, with_scale("7f800000"), "/quantizers/0/scale: found '7f800000'" + bits_rule},
          {scale, with_scale("80000000"), "/quantizers/0/scale: found '80000000'" + bits_rule},
          {scale, with_scale("3E800000"),
           "/quantizers/0/scale: found '3E800000'; expected 8 lower-case hexadecimal digits"},
          {"\"count\": \"18\"", "\"count\": 18", "/quantizers/0/count: found 18; expected a string"},
          {"\"count\": \"18\"", "\"count\": \"018\"",
           "/quantizers/0/count: found '018'; expected a decimal number below 2^64 without leading zeros"},
          {"\"count\": \"18\"", "\"count\": \"18446744073709551616\"",
           "/quantizers/0/count: found '18446744073709551616'; expected a decimal number below 2^64 without "
           "leading zeros"},
          {"\"exponent\": 1", "\"exponent\": 129",
           "/quantizers/0/exponent: found 129; expected an integer from -99 to 128"},
          {"\"sawb_uint4\"", "\"luq_fp4\"",
           "/quantizers/0/rule: found 'luq_fp4'; not a rule for the role 'input'"},
          {"\"role\": \"weight\", \"rule\": \"sawb_int4\"", "\"role\": \"weight\", \"rule\": \"sawb_uint4\"",
           "/quantizers/1/rule: found 'sawb_uint4'; not a rule for the role 'weight'"},
          {"\"pass\": \"train\", \"role\": \"gradient\"", "\"pass\": \"evaluation\", \"role\": \"gradient\"",
           "/quantizers/2/role: found 'gradient'; an evaluation has inputs and weights only"},
          {"\"random_bits\": 0", "\"random_bits\": 8", "/quantizers/2/random_bits: found 8; expected 0"},
          {"\"random_bits\": 8", "\"random_bits\": 12",
           "/quantizers/5/random_bits: found 12; expected 4, 8 or 16"},
          {"\"alpha\": \"exact\"", "\"alpha\": \"pow3\"",
           "/quantizers/2/alpha: found 'pow3'; expected 'exact' or 'pow2'"},
          {"\"sample\": 1", "\"sample\": 16",
           "/quantizers/6/sample: found 16; expected an integer from 0 to 15"},
          {"\"id\": \"1/input\"", fmt::format("\"id\": \"{}\"", std::string(201, 'i')),
           "/quantizers/0/id: found a string of 201 bytes; expected from 1 to 200"},
          {"\"id\": \"1/input\"", "\"id\": \"\"",
           "/quantizers/0/id: found a string of 0 bytes; expected from 1 to 200"}});
}

TEST_F(BadManifest, QuantizersAgainstTheOthers) {
  expect(
      {{"\"id\": \"1/weight\"", "\"id\": \"1/input\"",
        "/quantizers/1: '1/input' is the id of an earlier quantizer"},
       {"\"layer\": 1", "\"layer\": 9", "/quantizers/0: no layer has the id 9"},
       {"\"role\": \"weight\", \"rule\": \"sawb_int4\"", "\"role\": \"input\", \"rule\": \"sawb_int4\"",
        "/quantizers/1: an earlier record has this layer, step, pass, role and sample"},
       {"\"codes\": \"1/input/codes\"", "\"codes\": \"nowhere\"",
        "/quantizers/0: no tensor has the id 'nowhere'"},
       {"\"codes\": \"1/input/codes\"", "\"codes\": \"1/weight/codes\"",
        "/quantizers/0: tensor '1/weight/codes' is int4; expected uint4"},
       {"\"source\": \"1/input/source\"", "\"source\": \"1/forward/accumulators\"",
        "/quantizers/0: tensor '1/forward/accumulators' is int32; expected fp32"},
       {"\"source\": \"1/input/source\"", "\"source\": \"1/gradient/source\"",
        "/quantizers/0: source of shape [1, 3, 2, 1]; expected [1, 2, 3, 3] as the codes have"},
       {"\"codes\": \"2/weight/codes\"", "\"codes\": \"1/weight/codes\"",
        "/quantizers/4: codes of shape [3, 2, 2, 3]; expected [2, 3] of layer 'fc', 0 for any size"},
       {"\"max\": \"3fc00000\"", "\"max\": \"00000001\"",
        "/quantizers/0: max is below 2^-100; expected scale, clip, exponent, count and sums of 0"},
       {"\"max_used\": \"3fc00000\"", "\"max_used\": \"3fc00001\"",
        "/quantizers/2: max_used differs from max; expected the measured one"},
       {"\"max_used\": \"3fc00000\"", "\"max_used\": \"00000000\"",
        "/quantizers/2: max_used is below 2^-100; expected a scale of 0"},
       {"\"maximum\": \"measured\", \"max\": \"3fc00000\", \"max_used\": \"3fc00000\", \"scale\": "
        "\"3e800000\"",
        "\"maximum\": \"hindsight\", \"max\": \"3fc00000\", \"max_used\": \"00000000\", \"scale\": "
        "\"00000000\"",
        "/quantizers/2: max_used differs from max; expected the measured one"},
       {"\"sample\": 1, \"random_bits\": 8", "\"sample\": 1, \"random_bits\": 4",
        "/quantizers/6: differs from '2/gradient' in more than id, codes and sample"},
       {"\"sample\": 1, \"random_bits\": 8", "\"sample\": 2, \"random_bits\": 8",
        "/quantizers/5: samples [0, 2] of layer 2 in step 0; expected 0 to N - 1 with N from 1 to 16"},
       {"{\"id\": \"2/gradient/1\"",
        R"({"id": "2/gradient/3", "layer": 2, "step": 0, "pass": "train", "role": "gradient", "rule": "luq_fp4", )"
        R"("source": null, "codes": "2/gradient/1/codes", "sample": 3, "random_bits": 8, "alpha": "exact", )"
        R"("maximum": "measured", "max": "3fc00000", "max_used": "3fc00000", "scale": "3e800000"},
    {"id": "2/gradient/1")",
        "/quantizers/5: samples [0, 1, 3] of layer 2 in step 0; expected 0 to N - 1 with N from 1 to 16"},
       {"\"sample\": 0, \"random_bits\": 0", "\"sample\": 1, \"random_bits\": 0",
        "/quantizers/2: samples [1] of layer 1 in step 0; expected 0 alone"}});
}

TEST_F(BadManifest, GemmsAgainstTheOthers) {
  expect(
      {{"\"phase\": \"backward_data\", \"left\": [\"1/gradient\"]",
        "\"phase\": \"forward\", \"left\": [\"1/gradient\"]",
        "/gemms/1: an earlier record has this layer, step, pass and phase"},
       {"\"left\": [\"1/input\"]", "\"left\": [\"nowhere\"]", "/gemms/0: no quantizer has the id 'nowhere'"},
       {"\"left\": [\"1/input\"]", "\"left\": [\"2/input\"]",
        "/gemms/0: operand '2/input' is not the input (sample 0) of this layer, step and pass"},
       {"\"left\": [\"1/input\"], \"right\": [\"1/weight\"]",
        "\"left\": [\"1/weight\"], \"right\": [\"1/input\"]",
        "/gemms/0: operand '1/weight' is not the input (sample 0) of this layer, step and pass"},
       {"\"left\": [\"1/input\"]", "\"left\": [\"1/input\", \"1/input\"]",
        "/gemms/0: 2 left operands; expected 1"},
       {"\"left\": [\"1/input\"]", "\"left\": []", "/gemms/0/left: found 0 items; expected from 1 to 16"},
       {"\"samples\": 1, \"m\": 2,", "\"samples\": 2, \"m\": 2,",
        "/gemms/0: 2 samples; expected 1, or more in backward_weight"},
       {"\"samples\": 1, \"m\": 2,",
        "\"samples\": 1, \"accumulator\": {\"int\": 32, \"overflow\": \"wrap\"}, \"m\": 2,",
        "/gemms/0/accumulator/int: found 32; expected an integer from 8 to 31"},
       {"\"samples\": 1, \"m\": 2,", "\"samples\": 1, \"accumulator\": {\"int\": 16}, \"m\": 2,",
        "/gemms/0/accumulator: the key 'overflow' is missing"},
       {"\"samples\": 1, \"m\": 2,",
        "\"samples\": 1, \"accumulator\": {\"int\": 16, \"overflow\": \"clip\"}, \"m\": 2,",
        "/gemms/0/accumulator/overflow: found 'clip'; expected 'wrap' or 'saturate'"},
       {"\"samples\": 1, \"m\": 2,", "\"samples\": 1, \"accumulator\": {\"float\": 24}, \"m\": 2,",
        "/gemms/0/accumulator/float: found 24; expected 16 or 32"},
       {"\"samples\": 1, \"m\": 2,", "\"samples\": 1, \"accumulator\": {\"float\": 32}, \"m\": 2,",
        "/gemms/0: tensor '1/forward/accumulators' is int32; expected fp32"},
       {"\"samples\": 2", "\"samples\": 4", "/gemms/5: 2 right operands; expected 4, one per sample"},
       {"\"right\": [\"2/gradient\", \"2/gradient/1\"], \"samples\": 2",
        "\"right\": [\"2/gradient\"], \"samples\": 1",
        "/gemms/5: 1 samples; the trace has 2 of this gradient"},
       {"[\"2/gradient\", \"2/gradient/1\"]", "[\"2/gradient/1\", \"2/gradient\"]",
        "/gemms/5: operand '2/gradient/1' is not the gradient (sample 0) of this layer, step and pass"},
       {"\"k\": 12", "\"k\": 13", "/gemms/0: m n k groups are 2 3 13 1; expected 2 3 12 1"},
       {"\"k\": 12, \"groups\": 1", "\"k\": 12, \"groups\": 2",
        "/gemms/0: m n k groups are 2 3 12 2; expected 2 3 12 1"},
       {"\"k\": 12", "\"k\": 9223372036854775808",
        "/gemms/0/k: found 9223372036854775808; expected an integer from 1 to 9223372036854775807"},
       {"\"result_shape\": [1, 3, 2, 1]", "\"result_shape\": [1, 3, 1, 2]",
        "/gemms/0: result_shape is [1, 3, 1, 2]; expected [1, 3, 2, 1]"},
       {"\"result_shape\": [1, 2, 3, 3]", "\"result_shape\": [1, 2, 4, 3]",
        "/gemms/1: result_shape is [1, 2, 4, 3]; expected [1, 2, 3, 3]"},
       {"\"result_shape\": [3, 2, 2, 3]", "\"result_shape\": [3, 2, 3, 2]",
        "/gemms/2: result_shape is [3, 2, 3, 2]; expected [3, 2, 2, 3]"},
       {"\"output\": null, \"output_crc32c\": \"e6f8fd6a\"",
        "\"output\": \"1/input/source\", \"output_crc32c\": \"e6f8fd6a\"",
        "/gemms/0: output of shape [1, 2, 3, 3]; expected [1, 3, 2, 1] as result_shape says"},
       {"\"accumulators_crc32c\": \"b12169dd\"", "\"accumulators_crc32c\": \"b12169de\"",
        "/gemms/0: accumulators_crc32c is b12169de; tensor '1/forward/accumulators' has b12169dd"},
       {"\"output\": \"2/backward_weight/output\", \"output_crc32c\": \"e6f8fd6a\"",
        "\"output\": \"2/backward_weight/output\", \"output_crc32c\": \"e6f8fd6b\"",
        "/gemms/5: output_crc32c is e6f8fd6b; tensor '2/backward_weight/output' has e6f8fd6a"},
       {"\"pass\": \"evaluation\", \"phase\": \"forward\"",
        "\"pass\": \"evaluation\", \"phase\": \"backward_data\"",
        "/gemms/6: 'backward_data' in an evaluation; expected forward only"},
       {"\"accumulators\": \"1/forward/accumulators\"", "\"accumulators\": null",
        "tensor '1/forward/accumulators': no record refers to it"}});
}

/// Without the input's record the result settles its own height and width: any that give the gradient's.
TEST_F(BadManifest, DataGradientUnderAStride) {
  TraceBytes trace = good_;
  const auto cut_line = [&](const std::string& begin) {
    std::string& manifest = trace["manifest.json"];
    const std::size_t at = manifest.find(begin);
    ASSERT_NE(at, std::string::npos) << begin;
    manifest.erase(at, manifest.find('\n', at) + 1 - at);
  };
  cut_line("    {\"layer\": 1, \"step\": 0, \"pass\": \"train\", \"phase\": \"forward\"");
  cut_line("    {\"layer\": 1, \"step\": 0, \"pass\": \"train\", \"phase\": \"backward_weight\"");
  cut_line("    {\"id\": \"1/input\"");
  // What was cut leaves a tensor without a record, which is the last thing to be checked.
  const std::string accepted = "T/manifest.json: tensor '1/forward/accumulators': no record refers to it";
  const std::string rest = "; a layer 'conv' does not make [1, 3, 2, 1] of it";
  for (const auto& [shape, is_legal] : std::vector<std::pair<std::string, bool>>{{"[1, 2, 2, 3]", true},
                                                                                 {"[1, 2, 1, 3]", false},
                                                                                 {"[1, 2, 3, 4]", false},
                                                                                 {"[2, 2, 3, 3]", false},
                                                                                 {"[1, 3, 3, 3]", false}}) {
    TraceBytes changed = trace;
    changed.replace("manifest.json", "\"result_shape\": [1, 2, 3, 3]", "\"result_shape\": " + shape);
    changed.replace("manifest.json", "\"m\": 9", "\"m\": 6");
    expect_message(changed,
                   is_legal ? accepted : "T/manifest.json: /gemms/0: result_shape is " + shape + rest);
  }
}

TEST_F(BadManifest, IgnoredKeysMayHoldAnything) {
  TraceBytes trace = good_;
  trace.replace("manifest.json", "\"seed\": 7",
                "\"x_a\": 1e999, \"x_b\": {\"q\": [-0, 18446744073709551616]}, \"seed\": 7");
  trace.replace("manifest.json", "\"crc32c\"", "\"x_\": null, \"crc32c\"");
  trace.replace("manifest.json", "\"kind\": \"conv2d\"", "\"x_kind\": 0, \"kind\": \"conv2d\"");
  expect_message(trace, "ok");
}

TEST_F(BadManifest, NoRecordsIsLegal) {
  TraceBytes trace;
  trace.add("manifest.json", R"({"format": "quatrain-trace", "version": 1, "numerics": "strict4/1",
    "producer": {"name": "", "version": ""}, "run": {"model": "", "seed": 0, "config_sha256": null, "note": ""},
    "tensors": {}, "layers": [], "quantizers": [], "gemms": []})");
  expect_message(trace, "ok");
}

TEST_F(BadManifest, SixtyFourMebibytes) {
  constexpr std::size_t limit = 64U << 20;
  TraceBytes trace = good_;
  trace["manifest.json"].resize(limit, ' ');
  expect_message(trace, "ok");
  trace["manifest.json"].resize(limit + 1, ' ');
  expect_message(trace, "T/manifest.json: more than 67108864 bytes long");
  std::string zeros = "\"x_\": [], \"layers\": [0";  // what no record is: refused before it is unrolled
  for (std::size_t i = 0; i <= limit / 64; ++i) zeros += ",0";
  zeros += "], \"x_rest\": [";
  trace = good_;
  trace.replace("manifest.json", "\"layers\": [", zeros);
  expect_message(trace, "T/manifest.json: /layers: found 1048578 items; expected from 0 to 1048576");
}

}  // namespace
