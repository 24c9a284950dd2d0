/// The results file: what may stand in it, and what is said of a file that is none.
#include "sim/conformance/results_machine.hpp"

#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"
#include "traces/encoding/nibbles.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/reader.hpp"

#include <gmock/gmock.h>

#include <cstring>
#include <optional>

namespace quatrain::tests {
namespace {

using traces::StoredType;

const std::string outside_trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";
const std::string product = "1/train/conv_groups/forward";

class Results : public testing::Test {
 protected:
  void SetUp() override {
    for (const traces::GemmRecord& record : trace.manifest().gemms)
      if (trace.manifest().layer(record.layer).name == "conv_groups" && record.step == 1 &&
          record.phase == traces::Phase::forward)
        gemm = &record;
    ASSERT_NE(gemm, nullptr);
    source = &trace.manifest().quantizer(gemm->left[0]);
  }

  template <typename Element>
  void add(const std::string& name, StoredType type, const traces::Shape& shape,
           const std::vector<Element>& elements) {
    traces::StoredTensor tensor{.id = name, .type = type, .shape = shape, .begin = data_.size(), .end = 0};
    const auto bytes = traces::bytes_of(std::span<const Element>(elements));
    data_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    tensor.end = data_.size();
    tensors_.push_back(tensor);
  }

  sim::ResultsMachine machine() {
    const std::string text = traces::make_safetensors_header(tensors_) + data_;
    base::write_whole_file(file(), text);
    return sim::ResultsMachine(file(), trace);
  }
  std::string file() const { return (folder / "results.safetensors").string(); }
  std::string message() {
    return message_of([&] { machine(); });
  }

  std::vector<std::int32_t> sums() const { return trace.read_int32(*gemm->accumulators); }
  std::vector<std::uint8_t> codes() const { return trace.read_codes(source->codes); }
  const traces::Shape& code_shape() const { return trace.manifest().tensors.at(source->codes).shape; }

  Folder folder;
  traces::TraceReader trace{outside_trace};
  const traces::GemmRecord* gemm = nullptr;
  const traces::QuantizerRecord* source = nullptr;

 private:
  std::vector<traces::StoredTensor> tensors_;
  std::string data_;
};

TEST_F(Results, AccumulatorsMayComeAloneOrWithOutputAndScale) {
  const auto flat = static_cast<std::int64_t>(sums().size());
  add(product + ".accumulators", StoredType::i32, {flat}, sums());
  sim::ResultsMachine alone = machine();
  alone.expect(product);
  EXPECT_EQ(alone.refuses({}, {}, {}), std::nullopt);
  traces::GemmResult result = alone.multiply({}, {}, {});
  EXPECT_EQ(result.accumulators, sums());
  EXPECT_FALSE(result.has_output);

  add(product + ".output", StoredType::f32, gemm->result_shape, std::vector<float>(sums().size(), 0.25F));
  add(product + ".scale", StoredType::f32, {1}, std::vector<float>{7});
  sim::ResultsMachine with_output = machine();
  with_output.expect(product);
  result = with_output.multiply({}, {}, {});
  EXPECT_TRUE(result.has_output);
  EXPECT_THAT(result.output, testing::Each(0.25F));
  EXPECT_EQ(result.scale, 7);
  with_output.expect("1/train/conv_groups/backward_data");
  EXPECT_EQ(with_output.refuses({}, {}, {}), "no result of it in the file");
}

TEST_F(Results, CodesMayBePackedOrOneAByte) {
  add(source->id + ".codes", StoredType::u8, {static_cast<std::int64_t>(codes().size())}, codes());
  sim::ResultsMachine packed = machine();
  packed.expect(source->id);
  const std::vector<float> x = trace.read_fp32(*source->source);
  traces::QuantizerTask task;
  task.source = x;
  EXPECT_EQ(packed.quantize(task).codes, codes());
  EXPECT_EQ(packed.quantize(task).scale, source->scale) << "a scale that is not given is not judged";
}

TEST_F(Results, CodesOneAByteHaveTheNaturalShape) {
  auto single =
      traces::unpack_nibbles(codes(), static_cast<std::size_t>(traces::element_count(code_shape())));
  add(source->id + ".codes", StoredType::u8, code_shape(), single);
  sim::ResultsMachine unpacked = machine();
  unpacked.expect(source->id);
  const std::vector<float> x = trace.read_fp32(*source->source);
  traces::QuantizerTask task;
  task.source = x;
  EXPECT_EQ(unpacked.quantize(task).codes, codes());
}

TEST_F(Results, ACodeAboveFifteenIsNone) {
  auto single =
      traces::unpack_nibbles(codes(), static_cast<std::size_t>(traces::element_count(code_shape())));
  single[5] = 16;
  add(source->id + ".codes", StoredType::u8, code_shape(), single);
  sim::ResultsMachine unpacked = machine();
  unpacked.expect(source->id);
  const std::vector<float> x = trace.read_fp32(*source->source);
  traces::QuantizerTask task;
  task.source = x;
  EXPECT_EQ(message_of([&] { unpacked.quantize(task); }),
            "code 16 of element 5; expected a nibble, below 16");
}

TEST_F(Results, AnOutputWithoutAccumulatorsIsRefused) {
  add(product + ".output", StoredType::f32, gemm->result_shape, std::vector<float>(sums().size(), 0.25F));
  sim::ResultsMachine only = machine();
  only.expect(product);
  EXPECT_EQ(only.refuses({}, {}, {}), "the file holds its output without its accumulators");
}

TEST_F(Results, AnUnknownRecordIsNamed) {
  add("1/train/conv_group/forward.accumulators", StoredType::i32, {1}, std::vector<std::int32_t>{1});
  EXPECT_EQ(message(),
            file() +
                ": tensor '1/train/conv_group/forward.accumulators': the trace has no such record; expected "
                "RECORD.accumulators, .output or .scale of a GEMM, RECORD.codes or .scale of a quantizer");
}

TEST_F(Results, AWrongTypeOrShapeIsNamed) {
  const auto flat = static_cast<std::int64_t>(sums().size());
  add(product + ".accumulators", StoredType::f32, {flat}, std::vector<float>(sums().size()));
  EXPECT_EQ(message(),
            fmt::format("{}: tensor '{}.accumulators': F32 of shape [{}]; expected I32 of shape {} or [{}]",
                        file(), product, flat, traces::text_of(gemm->result_shape), flat));
}

TEST_F(Results, AFileThatIsNoneIsNamed) {
  base::write_whole_file(file(), "no tensors");
  EXPECT_THAT(message_of([&] { sim::ResultsMachine(file(), trace); }),
              testing::StartsWith(file() + ": byte 0: "));
}

}  // namespace
}  // namespace quatrain::tests
