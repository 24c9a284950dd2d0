/// The trace of another implementation: every record of it, by both machines of the emulator, bit for bit.
#include "emu/machine.hpp"
#include "tests/emu/forced_path.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/reader.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <map>

namespace quatrain::tests {
namespace {

using traces::GemmRecord;
using traces::QuantizerRecord;

class OutsideTrace : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<traces::Machine> make() {
    if (GetParam() == "emu_naive") return emu::make_naive_machine();
    const ForcedPath forced(GetParam().substr(std::string("emu_blocked_").size()));
    return emu::make_blocked_machine(pool_);
  }

  traces::Operand operand(const std::string& id) {
    const QuantizerRecord& record = reader_.manifest().quantizer(id);
    auto& codes = codes_[id];
    codes = reader_.read_codes(record.codes);
    return {traces::encoding_of(record.rule), record.scale, codes};
  }

  traces::ThreadPool pool_{2};
  traces::TraceReader reader_{std::filesystem::path(QUATRAIN_SOURCE_DIR) / "tests/data/outside_trace"};
  std::unique_ptr<traces::Machine> machine_ = make();
  std::map<std::string, std::vector<std::uint8_t>> codes_;
};

std::uint32_t bits(float value) { return std::bit_cast<std::uint32_t>(value); }

TEST_P(OutsideTrace, EveryQuantizerAgrees) {
  std::size_t checked = 0;
  for (const QuantizerRecord& record : reader_.manifest().quantizers) {
    SCOPED_TRACE(record.id);
    ASSERT_TRUE(record.source) << "a source for every record: nothing is skipped";
    ASSERT_FALSE(machine_->refuses(record.rule));
    const std::vector<float> source = reader_.read_fp32(*record.source);
    traces::QuantizerTask task{
        .rule = record.rule,
        .source = source,
        .draws = {reader_.manifest().run.seed, record.step, record.layer, record.sample},
        .random_bits = record.random_bits,
        .alpha = record.alpha,
        .maximum = std::nullopt};
    if (record.maximum == traces::Maximum::hindsight) task.maximum = record.max_used;
    const traces::QuantizerResult got = machine_->quantize(task);
    EXPECT_EQ(got.codes, reader_.read_codes(record.codes));
    EXPECT_EQ(bits(got.max), bits(record.max));
    EXPECT_EQ(bits(got.max_used), bits(record.max_used));
    EXPECT_EQ(got.exponent, record.exponent);
    EXPECT_EQ(got.count, record.count);
    EXPECT_EQ(got.sum1, record.sum1);
    EXPECT_EQ(got.sum2, record.sum2);
    EXPECT_EQ(bits(got.clip), bits(record.clip));
    EXPECT_EQ(bits(got.scale), bits(record.scale));
    ++checked;
  }
  EXPECT_EQ(checked, 53U);
}

TEST_P(OutsideTrace, EveryGemmAgrees) {
  std::size_t checked = 0, not_zero = 0;
  for (const GemmRecord& record : reader_.manifest().gemms) {
    SCOPED_TRACE(testing::Message() << record.step << " " << reader_.manifest().layer(record.layer).name
                                    << " " << name_of(record.phase));
    const traces::Gemm gemm{record.phase, geometry_of(reader_.manifest(), record)};
    const traces::Operand left = operand(record.left.front());
    std::vector<traces::Operand> right;
    for (const std::string& id : record.right) right.push_back(operand(id));
    ASSERT_FALSE(machine_->refuses(gemm, left.encoding, right.front().encoding));
    const traces::GemmResult got = machine_->multiply(gemm, left, right);
    EXPECT_EQ(bits(got.scale), bits(record.scale));
    EXPECT_EQ(traces::crc32c(traces::bytes_of(std::span<const std::int32_t>(got.accumulators))),
              record.accumulators_crc32c);
    EXPECT_EQ(traces::crc32c(traces::bytes_of(std::span<const float>(got.output))), record.output_crc32c);
    if (record.accumulators) {
      EXPECT_EQ(got.accumulators, reader_.read_int32(*record.accumulators));
    }
    if (record.output) {
      EXPECT_EQ(got.output, reader_.read_fp32(*record.output));
    }
    for (const std::int32_t accumulator : got.accumulators) not_zero += accumulator != 0 ? 1 : 0;
    ++checked;
  }
  EXPECT_EQ(checked, 47U);
  EXPECT_GT(not_zero, 1000U);
}

INSTANTIATE_TEST_SUITE_P(Emulator, OutsideTrace, testing::ValuesIn([] {
                           std::vector<std::string> names = {"emu_naive"};
                           for (const emu::SimdPath path : emu::supported_paths())
                             names.push_back("emu_blocked_" + std::string(emu::name_of(path)));
                           return names;
                         }()),
                         [](const auto& which) { return which.param; });

}  // namespace
}  // namespace quatrain::tests
