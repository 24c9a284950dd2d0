/// What a kernel is told of each record, against the manifest, read here by other code.
#include "tests/support/program.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <bit>
#include <cstdint>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace quatrain::tests {
namespace {

using Json = nlohmann::json;
using Sizes = std::vector<std::int64_t>;

const std::string outside_trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";

/// As quatrain/kernel_abi.h numbers them.
const std::map<std::string, int> phases = {{"forward", 1}, {"backward_data", 2}, {"backward_weight", 3}};
const std::map<std::string, int> encodings = {{"int4", 11}, {"uint4", 12}, {"fp4_e3m0", 13}};
const std::map<std::string, int> rules = {
    {"sawb_int4", 21}, {"sawb_uint4", 22}, {"luq_fp4", 23}, {"nearest_fp4", 24}};
const std::map<std::string, int> alphas = {{"exact", 31}, {"pow2", 32}};

/// As printf's %a.
std::string hexadecimal(const Json& bits) {
  const auto word = static_cast<std::uint32_t>(std::stoul(bits.get<std::string>(), nullptr, 16));
  char text[32];
  std::snprintf(text, sizeof text, "%a", static_cast<double>(std::bit_cast<float>(word)));
  return text;
}

std::int64_t product(const Sizes& sizes) {
  std::int64_t all = 1;
  for (const std::int64_t size : sizes) all *= size;
  return all;
}

class Manifest {
 public:
  Manifest() : root_(Json::parse(base::read_whole_file(outside_trace + "/manifest.json"))) {
    for (const Json& layer : root_["layers"]) layers_[layer["id"]] = layer;
    for (const Json& record : root_["quantizers"]) quantizers_[record["id"]] = record;
  }

  std::vector<std::string> expected_lines() const {
    std::vector<std::string> lines;
    for (const Json& record : root_["quantizers"]) lines.push_back(line_of_quantizer(record));
    for (const Json& record : root_["gemms"]) lines.push_back(line_of_gemm(record));
    return lines;
  }

 private:
  Sizes shape(const Json& quantizer) const {
    return root_["tensors"][quantizer["codes"].get<std::string>()]["shape"].get<Sizes>();
  }

  std::string line_of_quantizer(const Json& record) const {
    const std::string rule = record["rule"];
    const std::int64_t elements = product(shape(record));
    std::string line = fmt::format("quantizer {} | {} {} | {} {}", rules.at(rule), record["step"].get<int>(),
                                   record["layer"].get<int>(), elements, (elements + 1) / 2);
    if (record["role"] != "gradient") return line;
    const bool is_given = record["maximum"] == "hindsight";
    line += fmt::format(" | {} {} {}", alphas.at(record["alpha"]), is_given ? 1 : 0,
                        is_given ? hexadecimal(record["max_used"]) : "0x0p+0");
    if (rule == "luq_fp4")
      line += fmt::format(" | {} {} {}", record["random_bits"].get<int>(), root_["run"]["seed"].get<int>(),
                          record["sample"].get<int>());
    return line;
  }

  std::string line_of_gemm(const Json& record) const {
    const Json& left = quantizers_.at(record["left"][0]);
    const Json& right = quantizers_.at(record["right"][0]);
    const auto encoding = [&](const Json& quantizer) {
      return encodings.at(root_["tensors"][quantizer["codes"].get<std::string>()]["encoding"]);
    };
    const auto bytes = [&](const Json& quantizer) { return (product(shape(quantizer)) + 1) / 2; };
    std::string line =
        fmt::format("gemm {} {} {} {} {} {} {} {} {} |", phases.at(record["phase"]), encoding(left),
                    encoding(right), hexadecimal(left["scale"]), hexadecimal(right["scale"]), bytes(left),
                    record["right"].size(), bytes(right), product(record["result_shape"].get<Sizes>()));
    for (const std::int64_t size : geometry(record, left, right)) line += fmt::format(" {}", size);
    return line;
  }

  /// In the order of qt_geometry.
  Sizes geometry(const Json& record, const Json& left, const Json& right) const {
    const std::string phase = record["phase"];
    const Sizes result = record["result_shape"].get<Sizes>();
    const Sizes x = phase == "backward_data" ? result : shape(left);
    const Sizes z = phase == "forward" ? result : phase == "backward_data" ? shape(left) : shape(right);
    const Json& layer = layers_.at(record["layer"]);
    if (layer["kind"] == "linear") return {x[0], x[1], 1, 1, z[1], 1, 1, 1, 1, 1, 1, 0, 0, 1};
    const auto pair = [&](const char* key) { return layer[key].get<Sizes>(); };
    return {x[0],
            x[1],
            x[2],
            x[3],
            z[1],
            z[2],
            z[3],
            pair("kernel")[0],
            pair("kernel")[1],
            pair("stride")[0],
            pair("stride")[1],
            pair("padding")[0],
            pair("padding")[1],
            layer["groups"].get<std::int64_t>()};
  }

  Json root_;
  std::map<int, Json> layers_;
  std::map<std::string, Json> quantizers_;
};

TEST(KernelTask, SaysWhatTheManifestSays) {
  const Folder folder;
  const ProgramRun run = run_program("QUATRAIN_TEST_MISBEHAVIOUR=echo " QUATRAIN_PROGRAM,
                                     "verify " + outside_trace + " --kernel " MISBEHAVING_KERNEL, folder);
  EXPECT_EQ(run.exit_code, 0);
  const auto expected = Manifest().expected_lines();
  ASSERT_EQ(expected.size(), 100U);
  std::istringstream stream(run.err);
  std::string line;
  for (const std::string& wanted : expected) {
    ASSERT_TRUE(std::getline(stream, line)) << wanted;
    EXPECT_EQ(line, "kernel.misbehaving_kernel: " + wanted);
  }
  EXPECT_FALSE(std::getline(stream, line)) << line;
}

}  // namespace
}  // namespace quatrain::tests
