/// The example blocks of docs/numerics.md, read from the page itself: the oracle and every machine must give
/// the numbers that stand there.
#include "emu/random/philox.hpp"
#include "tests/exact/machines.hpp"
#include "tests/support/exact_oracle.hpp"
#include "traces/base/enumeration.hpp"
#include "traces/base/files.hpp"

#include <gmock/gmock.h>

#include <bit>
#include <map>
#include <set>
#include <sstream>

namespace quatrain::tests {
namespace {

using traces::Encoding;
using Words = std::vector<std::string>;

/// Lines of one block as words.
using Block = std::vector<Words>;

/// The blocks between ```KIND and ```.
std::vector<Block> blocks_of(const std::string& kind) {
  std::istringstream page(base::read_whole_file(QUATRAIN_SOURCE_DIR "/docs/numerics.md"));
  std::vector<Block> blocks;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "```" + kind) {
      inside = true;
      blocks.emplace_back();
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      std::istringstream words(line);
      blocks.back().emplace_back();
      for (std::string word; words >> word;) blocks.back().back().push_back(word);
    }
  }
  return blocks;
}

std::uint32_t hexadecimal(const std::string& word) {
  return static_cast<std::uint32_t>(std::stoul(word, nullptr, 16));
}
float float_of_bits(const std::string& word) { return std::bit_cast<float>(hexadecimal(word)); }
std::uint32_t unsigned_word(const std::string& word) { return static_cast<std::uint32_t>(std::stoul(word)); }
std::int64_t size_word(const std::string& word) { return std::stoll(word); }

Words rest(const Words& line) { return {line.begin() + 1, line.end()}; }

template <typename Convert>
auto converted(const Words& words, Convert convert) {
  std::vector<decltype(convert(words[0]))> values;
  for (const std::string& word : words) values.push_back(convert(word));
  return values;
}

/// "key value key value ..." of all lines of a block but the listed ones, whose words are values all.
class Fields {
 public:
  Fields(const Block& block, const std::vector<std::string>& lists) {
    for (const Words& line : block) {
      if (std::find(lists.begin(), lists.end(), line[0]) != lists.end()) {
        lists_[line[0]].push_back(rest(line));
        continue;
      }
      for (std::size_t i = 0; i + 1 < line.size(); i += 2) values_[line[i]] = line[i + 1];
    }
  }
  std::string get(const std::string& key, const std::string& otherwise = "0") const {
    const auto at = values_.find(key);
    return at == values_.end() ? otherwise : at->second;
  }
  bool has(const std::string& key) const { return values_.contains(key); }
  const Words& list(const std::string& key) const { return lists_.at(key).at(0); }
  const std::vector<Words>& every_list(const std::string& key) const { return lists_.at(key); }
  bool has_list(const std::string& key) const { return lists_.contains(key); }

 private:
  std::map<std::string, std::string> values_;
  std::map<std::string, std::vector<Words>> lists_;
};

float number(const std::string& word) { return std::stof(word); }

SharpQuantizer quantizer_of(const Block& block) {
  const Fields fields(block, {"source", "draws", "codes"});
  const std::map<std::string, traces::Rule> rules{{"luq_fp4", traces::Rule::luq_fp4},
                                                  {"nearest_fp4", traces::Rule::nearest_fp4},
                                                  {"sawb_int4", traces::Rule::sawb_int4},
                                                  {"sawb_uint4", traces::Rule::sawb_uint4}};
  SharpQuantizer sharp;
  sharp.name = fields.get("rule");
  sharp.c.source = converted(fields.list("source"), number);
  traces::QuantizerTask& task = sharp.c.task;
  task.rule = rules.at(fields.get("rule"));
  task.random_bits = unsigned_word(fields.get("bits"));
  task.alpha = fields.get("alpha", "exact") == "pow2" ? traces::Alpha::pow2 : traces::Alpha::exact;
  task.draws = {unsigned_word(fields.get("seed")), unsigned_word(fields.get("step")),
                unsigned_word(fields.get("layer")), unsigned_word(fields.get("sample"))};
  if (fields.has("maximum")) task.maximum = number(fields.get("maximum"));

  traces::QuantizerResult& expected = sharp.expected;
  const auto codes = converted(
      fields.list("codes"), [](const std::string& w) { return static_cast<std::uint8_t>(hexadecimal(w)); });
  EXPECT_EQ(codes.size(), sharp.c.source.size());
  expected.codes = traces::pack_nibbles(codes);
  expected.max = float_of_bits(fields.get("max"));
  expected.facts = traces::info_of(task.rule).facts;
  if (auto* fp4 = std::get_if<traces::Fp4Facts>(&expected.facts)) {
    fp4->max_used = float_of_bits(fields.get("max_used"));
  } else {
    expected.facts =
        traces::SawbFacts{.exponent = static_cast<std::int32_t>(size_word(fields.get("exponent"))),
                          .count = unsigned_word(fields.get("count")),
                          .sum1 = std::stoull(fields.get("sum1")),
                          .sum2 = std::stoull(fields.get("sum2")),
                          .clip = float_of_bits(fields.get("clip"))};
  }
  expected.scale = float_of_bits(fields.get("scale"));
  if (fields.has_list("draws")) {
    const auto draws = converted(fields.list("draws"), hexadecimal);
    for (std::size_t i = 0; i < draws.size(); ++i)
      EXPECT_EQ(exact::draw(task.draws, i, task.random_bits), draws[i]) << sharp.name << " draw " << i;
  }
  return sharp;
}

std::vector<std::uint8_t> codes_of_values(const Words& words, Encoding encoding) {
  std::vector<std::uint8_t> codes;
  for (const std::string& word : words) {
    const auto& table = traces::code_values(encoding);
    codes.push_back(
        static_cast<std::uint8_t>(std::find(table.begin(), table.end(), std::stoi(word)) - table.begin()));
  }
  return traces::pack_nibbles(codes);
}

/// "geometry batch 1 in C H W out O kernel KH KW stride SH SW padding PH PW groups G"
traces::Geometry geometry_of(const Words& w) {
  const auto at = [&](std::size_t i) { return size_word(w[i]); };
  return with_output(
      {at(1), at(3), at(4), at(5), at(7), 0, 0, at(9), at(10), at(12), at(13), at(15), at(16), at(18)});
}

SharpGemm gemm_of(const Block& block) {
  const std::map<std::string, traces::Phase> phases{{"forward", traces::Phase::forward},
                                                    {"backward_data", traces::Phase::backward_data},
                                                    {"backward_weight", traces::Phase::backward_weight}};
  const Words& head = block[0];  // phase P left E S right E S
  const Fields fields(Block(block.begin() + 1, block.end()),
                      {"geometry", "accumulator", "left", "right", "size", "accumulators", "output"});
  SharpGemm sharp;
  sharp.name = head[1];
  GemmCase& c = sharp.c;
  c.gemm = {phases.at(head[1]), geometry_of(fields.list("geometry"))};
  if (fields.has_list("accumulator")) {  // int or float, BITS, OVERFLOW, chunk TERMS
    const Words& accumulator = fields.list("accumulator");
    c.gemm.accumulator = {static_cast<unsigned>(std::stoi(accumulator[1])),
                          *base::named<traces::Overflow>(accumulator[2])};
    if (accumulator[0] == "float") c.gemm.accumulator.format = traces::SumFormat::floating;
    if (accumulator.size() == 5) c.gemm.accumulator.chunk = static_cast<unsigned>(std::stoi(accumulator[4]));
    sharp.name += " " + text_of(c.gemm.accumulator);
  }
  c.left_encoding = *base::named<traces::Encoding>(head[3]);
  c.left_scale = number(head[4]);
  c.right_encoding = *base::named<traces::Encoding>(head[6]);
  c.right_scale = number(head[7]);
  c.left = codes_of_values(fields.list("left"), c.left_encoding);
  for (const Words& right : fields.every_list("right"))
    c.right.push_back(codes_of_values(right, c.right_encoding));
  sharp.expected.scale = float_of_bits(fields.get("scale"));
  sharp.expected.accumulators = converted(fields.list("accumulators"), [&](const std::string& w) {
    return c.gemm.accumulator.is_float() ? std::bit_cast<std::int32_t>(std::stof(w)) : std::stoi(w);
  });
  sharp.expected.output = converted(fields.list("output"), number);

  const traces::GemmSize size = traces::gemm_size(c.gemm.phase, c.gemm.geometry);
  const Words& sizes = fields.list("size");  // m M n N k K
  EXPECT_THAT((std::vector{size.m, size.n, size.k}),
              testing::ElementsAre(size_word(sizes[1]), size_word(sizes[3]), size_word(sizes[5])));
  return sharp;
}

template <typename Make>
auto made_of(const std::string& kind, std::size_t count, Make make) {
  std::vector<decltype(make(Block{}))> all;
  for (const Block& block : blocks_of(kind)) all.push_back(make(block));
  EXPECT_EQ(all.size(), count) << "blocks of " << kind;
  return all;
}

std::vector<SharpQuantizer> quantizers() { return made_of("quantize", 9, quantizer_of); }
std::vector<SharpGemm> gemms() { return made_of("multiply", 13, gemm_of); }

TEST(NumericsText, KnownAnswersOfPhilox) {
  const auto blocks = blocks_of("philox");
  ASSERT_EQ(blocks.size(), 1U);
  ASSERT_EQ(blocks[0].size(), 3U);
  for (const Words& line : blocks[0]) {  // c0 c1 c2 c3 key k0 k1 gives w0 w1 w2 w3
    const auto h = [&](std::size_t i) { return hexadecimal(line[i]); };
    EXPECT_THAT(exact::random_words({h(0), h(1), h(2), h(3)}, {h(5), h(6)}),
                testing::ElementsAre(h(8), h(9), h(10), h(11)));
    EXPECT_THAT(emu::philox4x32_10({h(0), h(1), h(2), h(3)}, {h(5), h(6)}),
                testing::ElementsAre(h(8), h(9), h(10), h(11)));
  }
}

TEST(NumericsText, FrozenDraws) {
  const auto blocks = blocks_of("draws");
  ASSERT_EQ(blocks.size(), 1U);
  ASSERT_EQ(blocks[0].size(), 16U);
  for (const Words& line : blocks[0]) {  // seed S counter C1 C2 C3 stream T bits R: I=D ...
    const std::uint32_t seed = unsigned_word(line[1]), c1 = unsigned_word(line[3]),
                        c2 = unsigned_word(line[4]), c3 = unsigned_word(line[5]),
                        stream = unsigned_word(line[7]), bits = unsigned_word(line[9]);
    const emu::DrawSource source{seed, static_cast<emu::Stream>(stream), c1, c2, c3};
    ASSERT_EQ(line.size(), 14U);
    for (const std::string& word : Words(line.begin() + 10, line.end())) {
      const auto middle = word.find('=');
      const std::uint32_t element = unsigned_word(word.substr(0, middle)),
                          expected = hexadecimal(word.substr(middle + 1));
      EXPECT_EQ(exact::draw({seed, c1, c2, c3}, element, bits, stream), expected) << word;
      EXPECT_EQ(source.draw(element, bits), expected) << word;
    }
  }
}

TEST(NumericsText, HindsightEstimates) {
  const auto blocks = blocks_of("hindsight");
  ASSERT_EQ(blocks.size(), 1U);
  const Fields fields(blocks[0], {"maxima", "estimates"});
  const auto maxima = converted(fields.list("maxima"), number);
  const auto estimates = converted(fields.list("estimates"), float_of_bits);
  ASSERT_EQ(estimates.size(), maxima.size() + 1);
  EXPECT_EQ(estimates[0], maxima[0]);
  for (std::size_t t = 1; t < estimates.size(); ++t)
    EXPECT_EQ(exact::next_estimate(estimates[t - 1], maxima[t - 1]), estimates[t]) << t;
}

TEST(NumericsText, OracleQuantizes) {
  for (const SharpQuantizer& sharp : quantizers())
    EXPECT_EQ(difference(exact::quantize(task_of(sharp.c)), sharp.expected), "") << sharp.name;
}

TEST(NumericsText, OracleMultiplies) {
  for (const SharpGemm& sharp : gemms())
    EXPECT_EQ(difference(exact::multiply(sharp.c), sharp.expected), "") << sharp.name;
}

class NumericsTextOn : public EveryMachine {};

TEST_P(NumericsTextOn, Quantizers) {
  for (const SharpQuantizer& sharp : quantizers()) {
    ASSERT_FALSE(machine().refuses(sharp.c.task.rule)) << sharp.name;
    EXPECT_EQ(difference(machine().quantize(task_of(sharp.c)), sharp.expected), "") << sharp.name;
  }
}

/// Other accumulators are an example only for the machines that have them, and the text says which.
TEST_P(NumericsTextOn, Products) {
  const std::set<std::string> have_others{"emu.naive",    "systemc.pe",   "systemc.array",
                                          "systemc.tile", "simt.literal", "cuda.literal"};
  std::vector<SharpGemm> all = gemms();
  if (!have_others.contains(GetParam()))
    std::erase_if(all, [&](const SharpGemm& sharp) {
      const GemmCase& c = sharp.c;
      if (c.gemm.accumulator.is_exact()) return false;
      EXPECT_EQ(machine().refuses(c.gemm, c.left_encoding, c.right_encoding),
                "it has no " + text_of(c.gemm.accumulator) + " accumulators");
      return true;
    });
  EXPECT_EQ(all.size(), have_others.contains(GetParam()) ? 13U : 7U);
  EXPECT_THAT(differences(machine(), all), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(, NumericsTextOn, testing::ValuesIn(machine_names()), parameter_name);

}  // namespace
}  // namespace quatrain::tests
