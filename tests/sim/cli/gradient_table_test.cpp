/// Every figure of gradients.csv, counted again from the trace of the same steps: tensors as the trace's
/// manifest names them, codes by a table of this test, sums in long double. The figures are read by the names
/// of their columns.
#include "tests/emu/nn/tiny_config.hpp"
#include "tests/support/program.hpp"
#include "tests/support/synthetic_images.hpp"
#include "traces/format/reader.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <map>
#include <set>
#include <sstream>

namespace quatrain::tests {
namespace {

using nlohmann::json;

using Row = std::map<std::string, std::string>;

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line)
    if (c == ',')
      cells.emplace_back();
    else
      cells.back() += c;
  return cells;
}

std::vector<Row> read_table(const std::filesystem::path& file) {
  std::istringstream lines(base::read_whole_file(file));
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> names = split(line);
  std::vector<Row> rows;
  while (std::getline(lines, line)) {
    const std::vector<std::string> cells = split(line);
    EXPECT_EQ(cells.size(), names.size());
    for (std::size_t i = 0; i < names.size(); ++i)
      (i == 0 ? rows.emplace_back() : rows.back())[names[i]] = cells.at(i);
  }
  return rows;
}

int value_of(unsigned code) {
  const int magnitude = (code & 7) == 0 ? 0 : 1 << ((code & 7) - 1);
  return code < 8 ? magnitude : -magnitude;
}

/// Columns to figures.
std::map<std::string, double> recount(const traces::TraceReader& trace, const json& record) {
  const std::vector<float> x = trace.read_fp32(record.at("source"));
  const std::vector<std::uint8_t> packed = trace.read_codes(record.at("codes"));
  long double square = 0, product = 0, noise = 0, norm = 0, ln = 0, ln_square = 0;
  const std::uint32_t bits =
      static_cast<std::uint32_t>(std::stoul(record.at("scale").get<std::string>(), nullptr, 16));
  float scale = 0;
  std::memcpy(&scale, &bits, sizeof scale);
  std::map<std::string, double> figures = {{"elements", x.size()}, {"alpha", scale}};
  for (unsigned code = 0; code < 16; ++code) figures[fmt::format("code_{}", value_of(code))] = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const int value = value_of(packed[i / 2] >> (4 * (i % 2)) & 15U);
    const long double q = static_cast<long double>(scale) * value;
    ++figures[fmt::format("code_{}", value)];
    figures["top"] += std::abs(value) == 64;
    figures["maximum"] = std::max(figures["maximum"], static_cast<double>(std::fabs(x[i])));
    square += static_cast<long double>(x[i]) * x[i];
    product += q * x[i];
    norm += q * q;
    noise += (x[i] - q) * (x[i] - q);
    if (x[i] == 0) continue;
    ++figures["nonzero"];
    figures["below"] += std::fabs(x[i]) < scale;
    const long double l = std::log(static_cast<long double>(std::fabs(x[i])));
    ln += l;
    ln_square += l * l;
  }
  const long double count = figures["nonzero"];
  figures["below_alpha_share"] = static_cast<double>(figures["below"] / count);
  figures["top_code_share"] = static_cast<double>(figures["top"] / count);
  figures["ln_mean"] = static_cast<double>(ln / count);
  figures["ln_sigma"] = static_cast<double>(std::sqrt(ln_square / count - ln / count * (ln / count)));
  figures["snr_db"] = static_cast<double>(10 * std::log10(square / noise));
  figures["cosine"] = static_cast<double>(product / std::sqrt(norm * square));
  figures["gain"] = static_cast<double>(product / square);
  figures.erase("below");
  figures.erase("top");
  return figures;
}

TEST(GradientTableOfARun, IsThatOfTheTraceOfItsSteps) {
  const Folder folder;
  write_synthetic_images(folder / "data", 48, 10);
  json config = json::parse(tiny_config_text);
  config["quantize"]["rules"] = {{{"layers", "conv3"}, {"gradient", "nearest"}},
                                 {{"layers", "fc1"}, {"maximum", "hindsight"}, {"alpha", "pow2"}}};
  base::write_whole_file(folder / "tiny.json", config.dump());
  const ProgramRun run = run_program(
      QUATRAIN_PROGRAM,
      fmt::format("train {0}/tiny.json --data {0}/data --out {0}/run --gradients 2 --trace-steps 0,2,4",
                  folder.path().string()),
      folder);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const std::vector<Row> rows = read_table(folder / "run/gradients.csv");
  const traces::TraceReader trace((folder / "run/trace").string());
  const json manifest = json::parse(base::read_whole_file(folder / "run/trace/manifest.json"));
  std::map<std::pair<std::string, std::string>, Row> by_place;
  for (const Row& row : rows) by_place[{row.at("step"), row.at("layer")}] = row;
  ASSERT_EQ(by_place.size(), 9U);
  std::size_t compared = 0;
  for (const json& record : manifest.at("quantizers")) {
    if (record.at("role") != "gradient" || record.at("sample") != 0) continue;
    std::string layer;
    for (const json& one : manifest.at("layers"))
      if (one.at("id") == record.at("layer")) layer = one.at("name");
    SCOPED_TRACE(record.at("id").get<std::string>());
    const Row& row = by_place.at({std::to_string(record.at("step").get<int>()), layer});
    EXPECT_EQ(row.at("rule"), record.at("rule"));
    const auto expected = recount(trace, record);
    EXPECT_EQ(expected.size() + 3, row.size());
    std::set<double> different;
    for (const auto& [column, figure] : expected) {
      EXPECT_NEAR(std::stod(row.at(column)), figure, 2e-6 * std::max(1e-3, std::fabs(figure))) << column;
      different.insert(figure);
      ++compared;
    }
    EXPECT_GT(different.size(), 15U) << "columns that are exchanged would not be seen";
  }
  EXPECT_EQ(compared, 9 * 26U);
}

/// Without the option it is every tenth step; with 0 there is no table.
TEST(GradientTableOfARun, EveryTenthStepUnlessAsked) {
  const Folder folder;
  write_synthetic_images(folder / "data", 180, 10);
  base::write_whole_file(folder / "tiny.json", tiny_config_text);
  const auto steps_of = [&](const std::string& more) {
    const std::string out = (folder / ("run" + std::to_string(more.size()))).string();
    const ProgramRun run = run_program(
        QUATRAIN_PROGRAM,
        fmt::format("train {0}/tiny.json --data {0}/data --out {1} {2}", folder.path().string(), out, more),
        folder);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    std::set<int> steps;
    if (std::filesystem::exists(out + "/gradients.csv"))
      for (const Row& row : read_table(out + "/gradients.csv")) steps.insert(std::stoi(row.at("step")));
    return steps;
  };
  EXPECT_EQ(steps_of(""), (std::set<int>{0, 10, 20}));
  EXPECT_EQ(steps_of("--gradients 7"), (std::set<int>{0, 7, 14, 21}));
  EXPECT_EQ(steps_of("--epochs 1 --gradients 0"), std::set<int>{});
}

}  // namespace
}  // namespace quatrain::tests
