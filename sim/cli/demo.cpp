/// quatrain demo: the whole line on Fashion-MNIST. Every stage is a call of this program that a user can
/// repeat, in a process of its own: the trace is written by one and checked by others.
#include "emu/nn/run_directory.hpp"
#include "rtl_models/array_model.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/run_self.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/jobs/child_process.hpp"
#include "sim/records/provenance.hpp"
#include "sim/records/result_file.hpp"
#include "traces/base/error.hpp"
#include "traces/base/files.hpp"
#include "traces/run_names.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace quatrain::sim {
namespace {

constexpr const char* demo_examples = R"(
The demo prints and runs one command after the other:
  train    a small convolutional network, three times: in fp32, with LUQ (logarithmic unbiased quantization: 4-bit
           gradients by random rounding), and with gradients rounded to nearest
  trace    check the trace: operands and results of three steps of the LUQ run
  study    what each rule does to the gradients of the trace
  sim      two accelerators on the trace; the 4-bit one computes every product again
  verify   every machine that can run here against the trace
  report   all of it on one page
The last line is the path of the page. Exit code 1: a check found a difference. The report is made all the same.

Examples:
  quatrain demo                  one to two minutes on 2 cores, into runs/demo-001 (the first free number)
  quatrain demo --quick          a smaller network on a tenth of the images
  quatrain demo --out results    into a folder of your choice)";

struct TypedDemo {
  std::filesystem::path out;
  std::string data;
  unsigned threads = 0;
  bool is_quick = false;
};

namespace names = traces::run_names;

/// A check's exit code 1 says that something differs: the stages after it still run.
enum class Stakes : unsigned char { must_pass, may_differ };

struct Stage {
  std::string name;
  std::vector<std::string> arguments;
  Stakes stakes = Stakes::must_pass;
};

std::string command_line(const Stage& stage) { return "quatrain " + shell_line(stage.arguments); }

std::vector<Stage> stages_of(const TypedDemo& typed) {
  const std::string out = typed.out.string(), luq = out + "/luq", trace = luq + "/" + names::trace;
  const std::string config = typed.is_quick ? "demo_quick" : "demo_cnn";
  std::vector<std::string> threads, data;
  if (typed.threads != 0) threads = {"--threads", std::to_string(typed.threads)};
  if (!typed.data.empty()) data = {"--data", typed.data};
  const auto with = [](std::vector<std::string> words, std::initializer_list<std::vector<std::string>> more) {
    for (const auto& some : more) words.insert(words.end(), some.begin(), some.end());
    return words;
  };
  const auto train = [&](const std::string& recipe, std::vector<std::string> more = {}) {
    return Stage{"train_" + recipe, with({"train", config, "--quantize", recipe, "--out", out + "/" + recipe},
                                         {std::move(more), data, threads})};
  };
  // The array computes each GEMM once: verify takes over what sim has replayed without a difference.
  std::vector<std::string> replayed = {"sim", "luq_32x32", "--trace", trace}, take_over;
  if (rtl_models::systemc_missing())
    replayed.emplace_back("--cycles-only");
  else
    take_over = {"--replayed", out + "/luq/simulation/luq_32x32.json"};
  return {train("fp32"),
          train("luq", {"--trace", trace}),
          train("nearest"),
          {"trace_check", {"trace", "check", trace}},
          {"study", with({"study", trace}, {threads})},
          {"sim_luq_32x32", replayed, Stakes::may_differ},
          {"sim_bf16_32x32", {"sim", "bf16_32x32", "--trace", trace, "--cycles-only"}},
          {"verify", with({"verify", trace, "--json", luq + "/" + names::crosscheck}, {take_over, threads}),
           Stakes::may_differ},
          {"report", {"report", out}}};
}

class Demo {
 public:
  explicit Demo(TypedDemo typed) : typed_(std::move(typed)) {}

  int run() {
    const std::vector<Stage> stages = stages_of(typed_);
    fmt::print("quatrain is {}\n", own_executable());
    if (const auto reason = rtl_models::systemc_missing())
      fmt::print("no replay on the simulated array: {}\n", *reason);
    int code = 0;
    for (std::size_t i = 0; i < stages.size(); ++i) {
      fmt::print("\n[{}/{}] {}\n", i + 1, stages.size(), command_line(stages[i]));
      const int ended = run(stages[i]);
      const bool has_failed = ended > 1 || (ended == 1 && stages[i].stakes == Stakes::must_pass);
      if (has_failed) {
        print_to_stderr(
            fmt::format("error: demo: stage {} ended with exit code {}; what was complete stays in {}",
                        stages[i].name, ended, typed_.out.string()));
        return ended;
      }
      code = std::max(code, ended);
    }
    print_seconds();
    fmt::print("\n{}\n", (typed_.out / names::report_html).string());
    return code;
  }

 private:
  int run(const Stage& stage) {
    const auto start = std::chrono::steady_clock::now();
    const int code = run_self(stage.arguments);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    seconds_.emplace_back(stage, seconds.count());
    if (code <= 1) write_stages();
    return code;
  }

  /// After every stage, so that the report finds those before it.
  void write_stages() const {
    nlohmann::ordered_json json = {{"format", "quatrain-stages"}, {"version", 1}};
    for (const auto& [stage, seconds] : seconds_) {
      json["seconds"][stage.name] = static_cast<double>(std::lround(seconds * 1000)) / 1000;
      json["commands"][stage.name] = command_line(stage);
    }
    base::write_whole_file(typed_.out / names::stages, json_text(json, 2));
  }

  void print_seconds() const {
    double all = 0;
    fmt::print("\ntime by stage\n");
    for (const auto& [stage, seconds] : seconds_) {
      fmt::print("  {:<15}  {}\n", stage.name, duration_text(seconds));
      all += seconds;
    }
    fmt::print("  {:<15}  {}\n", "all", duration_text(all));
  }

  TypedDemo typed_;
  std::vector<std::pair<Stage, double>> seconds_;
};

int demo(TypedDemo typed) {
  if (typed.out.empty())
    typed.out = emu::make_numbered_directory("runs", "demo");
  else if (!base::make_new_directory(typed.out) && !std::filesystem::is_empty(typed.out))
    throw base::Error("{}: is not empty; expected a new folder", typed.out.string());
  const std::filesystem::path out = typed.out;
  const int code = Demo(std::move(typed)).run();
  std::error_code ignored;
  if (code > 1) std::filesystem::remove(out, ignored);  // where the first stage wrote nothing
  return code;
}

}  // namespace

void add_demo_command(CLI::App& program, Action& action) {
  CLI::App* command =
      program.add_subcommand("demo", "All of it on Fashion-MNIST: train, trace, simulate, verify, report");
  command->footer(demo_examples);
  const auto typed = std::make_shared<TypedDemo>();
  command->add_option("--out", typed->out, "new folder (default: runs/demo-001, ...)")->check(not_empty());
  command->add_flag("--quick", typed->is_quick, "a smaller network on a tenth of the images");
  command
      ->add_option(
          "--data", typed->data,
          "folder of the data set's four IDX files\n(default: $QUATRAIN_DATA, else the Debian package's)")
      ->check(not_empty());
  command->add_option("--threads", typed->threads, "how many threads (default: one per processor)")
      ->check(whole_number(1, 1024));
  command->callback([typed, &action] { action = [typed](const Provenance&) { return demo(*typed); }; });
}

}  // namespace quatrain::sim
