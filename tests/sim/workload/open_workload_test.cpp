/// The workloads inside the program against what their papers and other counts say.
#include "sim/workload/open_workload.hpp"

#include "sim/records/window.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"
#include "traces/base/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace quatrain::sim {
namespace {

using traces::Phase;

struct Sums {
  std::int64_t gemms = 0, macs = 0, weights = 0;
};

/// Of the forward products. `weights`: elements on the right of those that are not of two activations.
Sums sums_of(const Workload& workload) {
  Sums sums;
  for (const WorkloadGemm& gemm : workload.gemms) {
    const auto count = static_cast<std::int64_t>(gemm.count);
    sums.gemms += count;
    sums.macs += count * traces::mac_count(gemm.size());
    if (gemm.layer != "scores" && gemm.layer != "values")
      sums.weights += count * traces::weight_elements(gemm.gemm.geometry);
  }
  return sums;
}

/// Weights: parameters of the published models without biases, norms and embeddings.
TEST(OpenWorkload, NetworksInsideTheProgram) {
  const Sums resnet = sums_of(open_shapes("resnet50", {}));
  EXPECT_EQ(resnet.gemms, 54);
  EXPECT_EQ(resnet.macs, 4'089'184'256) << "torchvision's ResNet-50: 4.09 GMAC";
  EXPECT_EQ(resnet.weights, 25'502'912) << "25,557,032 parameters less 53,120 of batch norm and 1,000 biases";
  const Sums bert = sums_of(open_shapes("bert_base", {}));
  EXPECT_EQ(bert.gemms, 12 * 8 + 1);
  EXPECT_EQ(bert.weights, 12 * (4 * 768 * 768 + 2 * 768 * 3072) + 768 * 768);
  const Sums vit = sums_of(open_shapes("vit_b16", {}));
  EXPECT_EQ(vit.weights, 12 * (4 * 768 * 768 + 2 * 768 * 3072) + 768 * 16 * 16 * 3 + 768 * 1000);
  EXPECT_EQ(vit.macs,
            197L * 12 * (4 * 768 * 768 + 2 * 768 * 3072 + 2 * 197 * 768) + 196L * 768 * 768 + 768 * 1000);
  const Sums gpt2 = sums_of(open_shapes("gpt2", {}));
  EXPECT_EQ(gpt2.weights, 12 * (4 * 768 * 768 + 2 * 768 * 3072) + 768 * 50257);
  for (const char* name : {"llama2_7b_prefill", "llama2_7b_decode"})
    EXPECT_EQ(sums_of(open_shapes(name, {})).weights,
              32L * (4 * 4096 * 4096 + 3 * 4096 * 11008) + 4096 * 32000);
  for (const char* name : {"llama3_8b_prefill", "llama3_8b_decode"})
    EXPECT_EQ(sums_of(open_shapes(name, {})).weights,
              32L * (2 * 4096 * 4096 + 2 * 4096 * 1024 + 3 * 4096 * 14336) + 4096 * 128256L);
}

/// One token reads each weight once, and all tokens before it in the scores.
TEST(OpenWorkload, MacsOfAttention) {
  const auto attention = [](const char* name, std::int64_t batch) {
    std::int64_t macs = 0;
    for (const WorkloadGemm& gemm : open_shapes(name, {.batch = batch}).gemms)
      if (gemm.layer == "scores" || gemm.layer == "values")
        macs += static_cast<std::int64_t>(gemm.count) * traces::mac_count(gemm.size());
    return macs;
  };
  for (const char* model : {"llama2_7b", "llama3_8b"}) {
    EXPECT_EQ(attention((std::string(model) + "_decode").c_str(), 3), 3L * 32 * 2 * 4096 * 2048);
    EXPECT_EQ(attention((std::string(model) + "_prefill").c_str(), 3), 3L * 32 * 2 * 4096 * 2048 * 2048);
  }
}

TEST(OpenWorkload, EveryNameInsideTheProgramOpens) {
  std::set<std::string> names;
  for (const std::string& name : embedded_workloads()) {
    EXPECT_TRUE(names.insert(name).second) << name << " names two";
    EXPECT_TRUE(names_shapes(name));
    const Workload workload = open_shapes(name, {});
    EXPECT_FALSE(workload.gemms.empty()) << name;
    EXPECT_EQ(workload.source.sha256.size(), 64U);
  }
  EXPECT_GE(names.size(), 10U);
}

TEST(OpenWorkload, DefaultsFollowTheKind) {
  const Workload list = open_shapes("resnet50", {});
  EXPECT_EQ(list.source.phases, Phases::forward);
  EXPECT_EQ(list.source.batch, 1);
  EXPECT_EQ(list.source.name, "resnet50");
  const Workload config = open_shapes("demo_cnn", {});
  EXPECT_EQ(config.source.kind, WorkloadKind::training_config);
  EXPECT_EQ(config.source.phases, Phases::training);
  EXPECT_EQ(config.source.batch, 64);
  EXPECT_THAT(config.source.notes,
              testing::ElementsAre(testing::HasSubstr("layers that stay fp32 are not in it: ")));
  const Workload changed = open_shapes("demo_cnn", {.phases = Phases::forward, .batch = 5});
  EXPECT_EQ(changed.source.batch, 5);
  for (const WorkloadGemm& gemm : changed.gemms) {
    EXPECT_EQ(gemm.gemm.phase, Phase::forward);
    EXPECT_EQ(gemm.gemm.geometry.batch, 5);
  }
}

TEST(OpenWorkload, FilesAreKnownByWhatTheyAre) {
  const tests::Folder folder;
  const auto write = [&](const char* name, std::string_view text) {
    base::write_whole_file(folder / name, text);
    return (folder / name).string();
  };
  const std::string list = write("my shapes.csv", "layer,m,n,k\na,1,2,3\n");
  EXPECT_TRUE(names_shapes(list));
  EXPECT_EQ(open_shapes(list, {}).source.name, "my_shapes");
  EXPECT_TRUE(names_shapes(write("config.json", R"({"layers": []})")));
  EXPECT_FALSE(names_shapes(write("design.json", R"({"array": {}})")));
  EXPECT_FALSE(names_shapes(write("broken.json", "{")));
  EXPECT_FALSE(names_shapes(folder.path().string()));
  EXPECT_EQ(tests::message_of([&] { open_shapes(list, {.batch = 100'000}); }),
            "a batch of 100000; expected 1 to 65536");
}

}  // namespace
}  // namespace quatrain::sim
