/// quatrain conformance, typed as a user types it, and the Python programs around it.
#include "tests/support/edited_trace.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/python.hpp"
#include "traces/base/strict_json.hpp"
#include "traces/encoding/nibbles.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/safetensors.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <sstream>

namespace quatrain::tests {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

const std::string outside_trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";

class ConformanceCommand : public testing::Test {
 protected:
  ProgramRun run(const std::string& arguments) const {
    return run_program(QUATRAIN_PROGRAM, arguments, folder);
  }
  std::string in_folder(const std::string& name) const { return (folder / name).string(); }

  static std::string line(const ProgramRun& run, const std::string& begin) {
    std::istringstream stream(run.out);
    for (std::string text; std::getline(stream, text);)
      if (text.starts_with(begin)) return text;
    return "no line begins with " + begin;
  }

  Folder folder;
};

TEST_F(ConformanceCommand, EveryMachineIsEqualOnTheQuickSet) {
  const ProgramRun made =
      run("conformance make " + in_folder("sharp") +
          " --quick --shape 7,5,11 --shape 7,5,11 --conv batch=2,in=4,out=6,size=6x5,kernel=3,groups=2");
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(line(made, in_folder("sharp")),
              MatchesRegex(".*/sharp: 390 gemms of [0-9]+ MACs, 1003 quantizers; [0-9.]+ MB in [0-9.]+ s"));
  EXPECT_EQ(line(made, "expected"), "expected results by emu.naive, confirmed by emu.blocked");
  EXPECT_EQ(run("trace check " + in_folder("sharp")).exit_code, 0);
  EXPECT_THAT(base::read_whole_file(folder / "sharp/manifest.json"),
              HasSubstr("; --shape 7,5,11; --conv "
                        "batch=2,in=4,size=6x5,out=6,kernel=3x3,stride=1x1,padding=0x0,groups=2\""));

  // the wires of systemc.pe take minutes for it
  const ProgramRun verified = run("verify " + in_folder("sharp") + " --machines emu,simt" +
                                  (QUATRAIN_HAS_SYSTEMC ? ",systemc.array" : ""));
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  std::vector<std::string> machines{"emu.naive", "emu.blocked", "simt.naive", "simt.tiled"};
  if (QUATRAIN_HAS_SYSTEMC) machines.emplace_back("systemc.array");
  for (const std::string& machine : machines)
    EXPECT_THAT(line(verified, machine + " gemms"),
                MatchesRegex(".* gemms 390/390 quantizers 313/313 .* equal"));

  const ProgramRun again = run("conformance make " + in_folder("sharp") + " --quick");
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_EQ(again.err, "error: " + in_folder("sharp") + ": exists; a trace is not written over it\n");
}

TEST_F(ConformanceCommand, WhatIsTypedWrongIsNamed) {
  const auto error = [&](const std::string& options) {
    const ProgramRun failed = run("conformance make " + in_folder("sharp") + " " + options);
    EXPECT_EQ(failed.exit_code, 2);
    EXPECT_FALSE(std::filesystem::exists(folder / "sharp"));
    EXPECT_FALSE(std::filesystem::exists(folder / "sharp.partial"));
    return failed.err;
  };
  EXPECT_EQ(error("--shape 3,4"), "error: --shape: found '3,4'; expected m,n,k, like 128,64,300\n");
  EXPECT_EQ(error("--shape 3,4,0"),
            "error: --shape: found '0'; expected a whole number from 1 to 2147483647\n");
  EXPECT_EQ(error("--shape 3,4,5x"),
            "error: --shape: found '5x'; expected a whole number from 1 to 2147483647\n");
  EXPECT_EQ(error("--conv batch"),
            "error: --conv: found 'batch'; expected KEY=VALUE with one of batch, in, out, size, kernel, "
            "stride, padding, "
            "groups\n");
  EXPECT_EQ(error("--conv depth=3"),
            "error: --conv: found 'depth=3'; expected KEY=VALUE with one of batch, in, out, size, kernel, "
            "stride, padding, "
            "groups\n");
  EXPECT_EQ(error("--conv in=3,in=4"), "error: --conv in: is there twice\n");
  EXPECT_EQ(error("--conv size=3x3x3"), "error: --conv size: found '3x3x3'; expected N or HEIGHTxWIDTH\n");
  EXPECT_EQ(error("--conv in=3,out=4,groups=2"),
            "error: --conv groups: found 2; expected a divisor of in=3 and out=4\n");
  EXPECT_EQ(error("--conv size=4,kernel=5"),
            "error: --conv batch=1,in=1,...: a kernel of 5 x 5 on 4 x 4 with padding 0 x 0; expected one "
            "that fits\n");
}

/// Every code, and every accumulator and output that the trace from outside stores (of some GEMMs it holds
/// checksums), as a program of one's own could have written them.
class ResultsOfTheTrace {
 public:
  ResultsOfTheTrace() : trace_(outside_trace) {
    for (const traces::GemmRecord& record : trace_.manifest.gemms) {
      const std::string name = fmt::format("{}/{}/{}/{}", record.step, name_of(record.pass),
                                           trace_.manifest.layer(record.layer).name, name_of(record.phase));
      if (record.accumulators)
        words[name + ".accumulators"] = {traces::StoredType::i32,
                                         bits(trace_.int32.at(*record.accumulators))};
      if (record.accumulators && record.output)
        words[name + ".output"] = {traces::StoredType::f32, bits(trace_.fp32.at(*record.output))};
    }
    for (const traces::QuantizerRecord& record : trace_.manifest.quantizers)
      if (record.source) codes[record.id + ".codes"] = trace_.codes.at(record.codes);
  }

  void write(const std::string& file) const {
    std::vector<traces::StoredTensor> tensors;
    std::string data;
    const auto add = [&](const std::string& name, traces::StoredType type, std::size_t elements, auto bytes) {
      const std::uint64_t begin = data.size();
      data.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      tensors.push_back({name, type, {static_cast<std::int64_t>(elements)}, begin, data.size()});
    };
    for (const auto& [name, tensor] : words)
      add(name, tensor.first, tensor.second.size(),
          traces::bytes_of(std::span<const std::uint32_t>(tensor.second)));
    for (const auto& [name, packed] : codes)
      add(name, traces::StoredType::u8, packed.size(), std::span(packed));
    base::write_whole_file(file, traces::make_safetensors_header(tensors) + data);
  }

  std::map<std::string, std::pair<traces::StoredType, std::vector<std::uint32_t>>> words;
  std::map<std::string, std::vector<std::uint8_t>> codes;

 private:
  template <typename Element>
  static std::vector<std::uint32_t> bits(const std::vector<Element>& elements) {
    std::vector<std::uint32_t> words;
    for (const Element& element : elements) words.push_back(std::bit_cast<std::uint32_t>(element));
    return words;
  }

  EditedTrace trace_;
};

TEST_F(ConformanceCommand, ResultsThatAreRightAreEqual) {
  ResultsOfTheTrace results;
  results.write(in_folder("mine.safetensors"));
  const ProgramRun checked = run("conformance check " + outside_trace + " --results " +
                                 in_folder("mine.safetensors") + " --json " + in_folder("crosscheck.json"));
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_EQ(checked.err, "");
  EXPECT_EQ(line(checked, "results gemms"), "results gemms 33/33 quantizers 53/53 elements 58357 equal");
  const std::string json = base::read_whole_file(folder / "crosscheck.json");
  EXPECT_EQ(JsonSchema("crosscheck").complaint(json), "");
  EXPECT_TRUE(base::JsonNode::parse(json, "crosscheck.json").at("equal").boolean());
}

TEST_F(ConformanceCommand, AWrongResultIsFoundWhereItIs) {
  ResultsOfTheTrace results;
  results.words.at("1/train/conv_groups/backward_data.accumulators").second[777] += 2;  // b 1, c 2, h 5, w 7
  results.words.at("0/train/conv_a/forward.output").second[3] ^= 1;
  results.words.at("0/train/conv_a/forward.output").second[4] ^= 1;
  results.codes.at("0/train/conv_a/input.codes")[1] ^= 0x10;
  results.write(in_folder("mine.safetensors"));
  const ProgramRun checked = run("conformance check " + outside_trace + " --results " +
                                 in_folder("mine.safetensors") + " --json " + in_folder("crosscheck.json"));
  EXPECT_EQ(checked.exit_code, 1);
  EXPECT_EQ(checked.err, "");
  EXPECT_EQ(line(checked, "results gemms"), "results gemms 31/33 quantizers 52/53 elements 58357 DIFFERENT");
  EXPECT_EQ(line(checked, "results differs"), "results differs in 3 of 86 records, in 4 of 58357 elements");
  EXPECT_THAT(
      line(checked, "results first"),
      MatchesRegex(
          "results first difference: layer conv_a, step 0, train, input \\(element 3\\): code: expected "
          "0x[0-9a-f] .*, got 0x[0-9a-f] .*"));
}

TEST_F(ConformanceCommand, AWrongSumIsFoundDownToItsElement) {
  ResultsOfTheTrace results;
  results.words.at("1/train/conv_groups/backward_data.accumulators").second[777] += 2;
  results.write(in_folder("mine.safetensors"));
  const ProgramRun checked =
      run("conformance check " + outside_trace + " --results " + in_folder("mine.safetensors"));
  EXPECT_EQ(checked.exit_code, 1);
  EXPECT_THAT(
      line(checked, "results first"),
      MatchesRegex(
          "results first difference: layer conv_groups, step 1, train, backward_data, group 0, row 147, "
          "column 2 \\(element 777\\): accumulator: expected (-?[0-9]+), got (-?[0-9]+); no k: the "
          "results were computed before, and show no part of a sum"));
}

TEST_F(ConformanceCommand, RecordsWithoutAResultAreCountedAndListed) {
  ResultsOfTheTrace results;
  results.words.erase("0/train/conv_a/forward.accumulators");
  results.words.erase("0/train/conv_a/forward.output");
  results.words.erase("0/train/conv_a/backward_data.accumulators");
  results.words.erase("1/train/conv_asym/forward.output");  // accumulators alone are judged
  results.codes.clear();
  results.write(in_folder("mine.safetensors"));
  const ProgramRun checked =
      run("conformance check " + outside_trace + " --results " + in_folder("mine.safetensors"));
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(line(checked, "results gemms"),
              MatchesRegex("results gemms 31/31 quantizers 0/0 elements [0-9]+ equal"));
  EXPECT_THAT(checked.out,
              HasSubstr("results does not support 0/train/conv_a/backward_data: the file holds its output "
                        "without its accumulators\n"));
  EXPECT_THAT(checked.out, HasSubstr("no result of it in the file"));
}

TEST_F(ConformanceCommand, AFileThatIsNoResultIsBadInput) {
  std::ofstream(folder / "mine.safetensors") << "no tensors at all";
  const ProgramRun checked =
      run("conformance check " + outside_trace + " --results " + in_folder("mine.safetensors"));
  EXPECT_EQ(checked.exit_code, 2);
  EXPECT_THAT(checked.err, MatchesRegex("error: .*mine.safetensors: byte 0: [^\n]*\n"));
  const ProgramRun missing = run("conformance check " + outside_trace + " --results " + in_folder("none"));
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, MatchesRegex("error: .*/none: [^\n]*\n"));
}

/// Python programs, with the module of python/ beside them.
class ConformanceInPython : public ConformanceCommand {
 protected:
  void SetUp() override {
    python_ = python_with_numpy(folder);
    if (python_.empty()) GTEST_SKIP() << "no python3 with numpy here (Debian package python3-numpy)";
  }
  ProgramRun python(const std::string& arguments) const {
    return run_program("PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=" QUATRAIN_SOURCE_DIR
                       "/python:" QUATRAIN_SOURCE_DIR "/examples " +
                           python_,
                       arguments, folder);
  }
  ProgramRun program(const std::string& text) const {
    std::ofstream(folder / "program.py") << text;
    return python(in_folder("program.py"));
  }

 private:
  std::string python_;
};

TEST_F(ConformanceInPython, TheExamplePasses) {
  const ProgramRun done = python(QUATRAIN_SOURCE_DIR "/examples/conformance.py " QUATRAIN_PROGRAM);
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_EQ(done.err, "");
  EXPECT_THAT(done.out, MatchesRegex("results gemms 374/374 quantizers 0/0 elements [0-9]+ equal\n"));
}

/// One accumulator in the middle of a tile has 16 bits and saturates.
TEST_F(ConformanceInPython, APlantedInt16SumIsFoundAtItsElement) {
  const ProgramRun done = program(R"(import conformance, numpy, quatrain_verify
def planted(task):
    sums = conformance.multiply(task)
    if "/saturate.int16.65.int4_fp4/" in task.name:
        sums[13, 40] = numpy.clip(sums[13, 40], -32768, 32767)
    return sums
result = quatrain_verify.check(planted, quatrain=")" QUATRAIN_PROGRAM R"(")
first = result.first_difference
print(bool(result), first["record"], first["row"], first["column"], first["element"], first["got"])
)");
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_EQ(done.out, "False 0/train/saturate.int16.65.int4_fp4/backward_weight 40 13 885 32767\n");
  EXPECT_THAT(done.err, HasSubstr("results differs in 1 of 374 records, in 1 of "));
  EXPECT_THAT(done.err, HasSubstr("row 40, column 13 (element 885): accumulator: expected 33600, got 32767"));
}

/// All sums of 16 bits, partial ones too: the whole family shows it, and the cancelling one, whose totals
/// would fit.
TEST_F(ConformanceInPython, PartialSumsOfSixteenBitsAreFoundWhereTotalsWouldFit) {
  const ProgramRun done = program(R"(import numpy, quatrain_verify
def narrow(task):
    if ".int16." not in task.name:
        return None
    left, right = task.left.values.astype(numpy.int64), task.right[0].values.astype(numpy.int64)
    left, right = left.reshape(left.shape[:2]), right.reshape(right.shape[:2])
    if task.phase == "forward":
        left, right = left.T, right.T                    # [k, m], [k, n]
    elif task.phase == "backward_data":
        left = left.T
    sums = numpy.zeros((left.shape[1], right.shape[1]), numpy.int64)
    for a, b in zip(left, right):
        sums = numpy.clip(sums + numpy.outer(a, b), -32768, 32767)
    return (sums.T if task.phase == "backward_weight" else sums).astype(numpy.int32)
result = quatrain_verify.check(narrow, quatrain=")" QUATRAIN_PROGRAM R"(", verbose=False)
machine = result.findings["machines"]["results"]
print(bool(result), machine["gemms"], machine["gemms_equal"], len(machine["unsupported"]) > 300)
)");
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_EQ(done.out, "False 15 0 True\n");
}

TEST_F(ConformanceInPython, AQuantizerIsJudgedToo) {
  const ProgramRun done = program(R"(import numpy, quatrain_verify
def nearest(task):
    """nearest_fp4 of docs/numerics.md, section 3."""
    if task.rule != "nearest_fp4":
        return None
    measured = numpy.max(numpy.abs(task.source))
    maximum = task.maximum if task.maximum is not None else measured
    if maximum < numpy.float32(2.0 ** -100):
        return numpy.zeros(task.source.shape, numpy.uint8), numpy.float32(0)
    if task.alpha == "pow2":
        fraction, exponent = numpy.frexp(maximum)
        maximum = numpy.ldexp(numpy.float32(1), exponent - (fraction == 0.5))
    with numpy.errstate(over="ignore"):
        y = numpy.abs(task.source) * numpy.float32(numpy.float32(64) / numpy.float32(maximum))
    q = numpy.where(y < 1, -1, numpy.frexp(numpy.fmin(y, 64))[1] - 1)
    g = numpy.where(y < 1, y, numpy.ldexp(numpy.fmin(y, 64), -q) - 1)
    upper = q + 2
    e = numpy.where((g > 0.5) | ((g == 0.5) & (upper % 2 == EVEN)), upper, upper - 1)
    e = numpy.where(y >= 64, 7, e)
    codes = numpy.where(numpy.signbit(task.source) & (e > 0), e + 8, e).astype(numpy.uint8)
    return codes, numpy.float32(maximum) * numpy.float32(2.0 ** -6)
for EVEN in (0, 1):
    result = quatrain_verify.check(quantizer_function=nearest, quatrain=")" QUATRAIN_PROGRAM
                                  R"(", verbose=False)
    first = result.first_difference
    print(bool(result), result.findings["machines"]["results"]["quantizers"], first and (first["what"], first["record"]))
)");
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(
      done.out,
      MatchesRegex(
          "True [0-9]+ None\nFalse [0-9]+ \\('code', '0/train/nearest.edges.exact.64/gradient/0'\\)\n"));
}

/// The template of examples/, through the C interface.
TEST_F(ConformanceInPython, AKernelOfTheCInterfaceIsJudged) {
  const std::string library = in_folder("kernel.so");
  const std::string compile = "-std=c99 -O2 -ffp-contract=off -fPIC -shared -I " QUATRAIN_SOURCE_DIR
                              "/include " QUATRAIN_SOURCE_DIR "/examples/kernel_c/kernel.c -lm -o " +
                              library;
  if (run_program("cc", compile, folder).exit_code != 0) GTEST_SKIP() << "no C compiler here (cc)";
  const ProgramRun done = program(R"(import quatrain_verify
mine = quatrain_verify.load_kernel(")" +
                                  library + R"(")
print(mine.name != "")
result = quatrain_verify.check(mine.multiply, mine.quantize, quatrain=")" QUATRAIN_PROGRAM R"(")
print(bool(result))
def off_by_one(task):
    answer = mine(task)
    sums = answer[0] if isinstance(answer, tuple) else answer
    if sums is not None and task.name.endswith("edges.linear.33x65x26/forward"):
        sums[-1] += 1
    return sums
result = quatrain_verify.check(off_by_one, quatrain=")" QUATRAIN_PROGRAM R"(", verbose=False)
print(bool(result), result.first_difference["element"])
try:
    quatrain_verify.load_kernel("/no/such.so")
except (OSError, ValueError) as error:
    print("no kernel")
)");
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(done.out,
              MatchesRegex("True\nresults gemms 374/374 quantizers [1-9][0-9]*/[1-9][0-9]* .* equal\nTrue\n"
                           "False 2144\nno kernel\n"));
}

TEST_F(ConformanceInPython, WrongTypesAndNothingToCheckAreErrors) {
  const ProgramRun done = program(R"(import numpy, quatrain_verify
for function in (lambda task: numpy.zeros(task.result_shape), lambda task: None):
    try:
        quatrain_verify.check(function, directory=")" +
                                  outside_trace + R"(", quatrain=")" QUATRAIN_PROGRAM R"(")
    except (TypeError, ValueError) as error:
        print(error)
try:
    quatrain_verify.check(lambda task: None, quatrain=")" QUATRAIN_PROGRAM R"(", shapes=[(1, 2)])
except RuntimeError as error:
    print(str(error).split(": ", 1)[1])
)");
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(done.out,
              MatchesRegex("0/train/conv_a/forward: [0-9]+ elements of float64; expected [0-9]+ of int32\n"
                           "nothing to check: the functions returned None for every record\n"
                           "error: --shape: found '1,2'; expected m,n,k, like 128,64,300\n"));
}

}  // namespace
}  // namespace quatrain::tests
