/// A run on an image folder whose images are damaged or changed while it is under way.
#include "emu/data/batches.hpp"
#include "tests/emu/data/written_images.hpp"
#include "tests/emu/nn/tiny_run.hpp"
#include "tests/support/message_of.hpp"
#include "traces/base/files.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <functional>

namespace quatrain::emu {
namespace {

using base::read_whole_file;
using base::write_whole_file;
using tests::message_of;

constexpr std::uint32_t classes = 10, train_images = 40;

/// What `act` does happens once, when the first epoch's checkpoint is there.
class AfterTheFirstEpoch final : public base::Progress {
 public:
  AfterTheFirstEpoch(std::filesystem::path run, std::function<void()> act)
      : checkpoint_(std::move(run) / "checkpoints/epoch_0001.safetensors"), act_(std::move(act)) {}
  void begin(std::string_view, std::uint64_t) override {}
  void update(std::uint64_t, std::string_view) override {
    if (act_ && std::filesystem::exists(checkpoint_)) std::exchange(act_, nullptr)();
  }
  void finish() override {}

 private:
  std::filesystem::path checkpoint_;
  std::function<void()> act_;
};

class ImageFolderRun : public tests::TinyRun {
 protected:
  void SetUp() override {
    for (std::uint32_t sample = 0; sample < train_images; ++sample)
      write_image(image("train", sample), sample);
    for (std::uint32_t sample = 0; sample < classes; ++sample)
      write_image(image("test", sample), 100 + sample);
  }
  /// Sample i is image i / 10 of class i % 10.
  std::filesystem::path image(const char* half, std::uint32_t sample) const {
    return folder_ / "data" / half / fmt::format("class{}", sample % classes) /
           fmt::format("{}.png", sample / classes);
  }
  static void write_image(const std::filesystem::path& file, std::uint32_t seed) {
    Image image{{1, 28, 30}, {}};
    for (std::uint32_t i = 0; i < 28 * 30; ++i)
      image.bytes.push_back(static_cast<std::uint8_t>((seed * 840 + i) * 2654435761U >> 24));
    std::filesystem::create_directories(file.parent_path());
    write_whole_file(file, tests::png_bytes(image, {}));
  }
  TrainingOptions folder_options(const std::string& name) const {
    TrainingOptions run = options(name);
    nlohmann::json json = nlohmann::json::parse(tests::tiny_config_text);
    json["data"] = {{"kind", "image_folder"},
                    {"size", {1, 28, 28}},
                    {"classes", classes},
                    {"mean", 0.5},
                    {"std", 0.3},
                    {"augmentation", {{"crop", true}}}};
    run.config = read_training_config(base::JsonNode::parse(json.dump(), "folder.json"));
    return run;
  }
};

TEST_F(ImageFolderRun, ADamagedImageInTheMiddleOfAnEpochLosesNothing) {
  const std::vector<std::string> whole = hashes(train(folder_options("whole")).epochs);
  ASSERT_EQ(whole.size(), 2U);
  TrainingOptions threads = folder_options("threads");
  threads.threads = 3;
  EXPECT_EQ(hashes(train(threads).epochs), whole);

  TrainingOptions run = folder_options("run");
  const std::filesystem::path last = image("train", sample_order(run.config.seed, 1, train_images).back());
  const std::string bytes = read_whole_file(last);
  AfterTheFirstEpoch damage(run.run_directory, [&] { write_whole_file(last, bytes.substr(0, 60)); });
  EXPECT_THAT(message_of([&] { emu::train(run, damage); }),
              testing::StartsWith(last.string() + ": is no whole PNG image: "));

  run.resumes = true;
  EXPECT_THAT(message_of([&] { train(run); }),
              testing::HasSubstr("run.json: the run was trained on other data: train has SHA-256 "));
  write_whole_file(last, bytes);
  EXPECT_EQ(hashes(train(run).epochs), whole);
}

}  // namespace
}  // namespace quatrain::emu
