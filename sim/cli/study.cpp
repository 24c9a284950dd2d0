/// quatrain study: what each rule does to the gradients of a trace.
#include "sim/study/study.hpp"

#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/records/outputs.hpp"
#include "sim/study/study_file.hpp"
#include "sim/study/study_table.hpp"
#include "traces/base/enumeration.hpp"
#include "traces/base/error.hpp"
#include "traces/format/reader.hpp"
#include "traces/run_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace quatrain::sim {
namespace {

constexpr const char* study_examples = R"(
Every gradient of the trace that has its fp32 source is quantized again, many times, by LUQ (logarithmic unbiased
quantization) and by rounding to nearest. The weight gradient of its codes is compared with that of the unquantized
gradient, in fp64. A gradient whose layer has no input in the trace is compared itself.

  gain       how much of the gradient is left along its own direction; 1 is unbiased
  error      norm of the difference over norm of the gradient; behind +- stands the standard error of the mean
  expected   the error that LUQ's probabilities give, computed without a draw
  floor      the expected error of infinitely many samples: what random draws of so few bits leave as a bias
  dead       elements that are zero in every sample and were not

One trial is a mean of N samples; more trials make the standard errors smaller.

Examples:
  quatrain study runs/mine/trace                     as the trace's own rule draws; N = 1, 4, 16
  quatrain study runs/mine/trace --random-bits 4,8,16 --alpha exact,pow2
  quatrain study runs/mine/trace --samples 1,4,16,64,256,1024 --random-bits 4,8,16 --trials 16
  quatrain study other/trace --json other.json       a trace of another program)";

struct TypedStudy {
  std::string trace, json, samples = "1,4,16", random_bits, alphas;
  unsigned trials = 8, threads = 0;
  std::int64_t most_macs = study::StudyRequest{}.most_macs;
};

constexpr unsigned most_samples = 1024;

std::vector<std::string> words_in(const std::string& list) {
  std::vector<std::string> words(1);
  for (const char c : list)
    if (c == ',')
      words.emplace_back();
    else
      words.back() += c;
  return words;
}

std::vector<unsigned> numbers_in(const char* option, const std::string& list, const char* expected,
                                 bool (*is_legal)(std::int64_t)) {
  std::vector<unsigned> numbers;
  for (const std::string& word : words_in(list)) {
    unsigned number = 0;
    const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (failure != std::errc() || end != word.data() + word.size() || !is_legal(number))
      throw base::Error("{}: found '{}'; expected {}", option, base::printable(word), expected);
    if (std::ranges::find(numbers, number) == numbers.end()) numbers.push_back(number);
  }
  return numbers;
}

std::vector<traces::Alpha> alphas_in(const std::string& list) {
  std::vector<traces::Alpha> alphas;
  for (const std::string& word : words_in(list)) {
    const auto alpha = base::named<traces::Alpha>(word);
    if (!alpha)
      throw base::Error("--alpha: found '{}'; expected exact or pow2, with a comma between two",
                        base::printable(word));
    if (std::ranges::find(alphas, *alpha) == alphas.end()) alphas.push_back(*alpha);
  }
  return alphas;
}

study::StudyRequest request_of(const TypedStudy& typed) {
  study::StudyRequest asked;
  asked.samples = numbers_in("--samples", typed.samples, "whole numbers of 1 to 1024, with commas",
                             [](std::int64_t n) { return n >= 1 && n <= most_samples; });
  std::ranges::sort(asked.samples);
  asked.trials = typed.trials;
  if (!typed.random_bits.empty())
    asked.random_bits = numbers_in("--random-bits", typed.random_bits, "4, 8 or 16, with commas",
                                   traces::is_random_bit_count);
  if (!typed.alphas.empty()) asked.alphas = alphas_in(typed.alphas);
  asked.most_macs = typed.most_macs;
  return asked;
}

int run_study(const TypedStudy& typed, const Provenance& provenance) {
  const study::StudyOptions options{.asked = request_of(typed), .stops = interrupted};
  const std::filesystem::path trace = typed.trace;
  const std::filesystem::path file =
      typed.json.empty() ? (trace / ".." / traces::run_names::gradient_study).lexically_normal()
                         : std::filesystem::path(typed.json);
  require_outside(file, trace);
  const std::array<Output, 1> outputs = {Output{file, json_mark(study::study_format)}};
  require_free(outputs);
  base::ThreadPool pool(typed.threads, interrupted);
  const auto progress = make_progress();
  const traces::TraceReader reader(trace);
  const study::GradientStudy result = study::study_gradients(reader, pool, *progress, options);
  if (result.gradients.empty() && result.unreadable.empty())
    throw base::Error(
        "{}: holds no gradient with its fp32 source; expected a trace of `quatrain train --trace`, "
        "or another that keeps the sources",
        typed.trace);
  const std::string text = with_provenance(study::study_json(result), provenance, 2);
  warn_unless_flushed(write_outputs(outputs, std::span(&text, 1)), file);
  fmt::print("{}{}\n", study::study_table(result), file.string());
  for (const study::UnreadableRecord& record : result.unreadable)
    print_to_stderr(
        fmt::format("error: {}; the study lacks {}, step {}", record.why, record.layer, record.step));
  return result.unreadable.empty() ? 0 : 2;
}

}  // namespace

void add_study_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand("study", "What each rule does to the gradients of a trace");
  command->footer(study_examples);
  const auto typed = std::make_shared<TypedStudy>();
  command->add_option("TRACE", typed->trace, "trace directory")->required();
  command
      ->add_option("--json", typed->json,
                   "where the figures go (default: gradients.json beside the trace,\nwhere `quatrain report` "
                   "looks for it)")
      ->check(not_empty());
  command->add_option("--samples", typed->samples,
                      "N, with commas: samples that one trial averages, up to 1024\n(default: 1,4,16)");
  command->add_option("--trials", typed->trials, "trials of each N (default: 8)")
      ->check(whole_number(2, 10000));
  command->add_option("--random-bits", typed->random_bits,
                      "bits of a draw: 4, 8, 16, with commas (default: the record's own)");
  command->add_option("--alpha", typed->alphas,
                      "exact, pow2, or both with a comma (default: the record's own)");
  command
      ->add_option("--macs", typed->most_macs,
                   "multiply-adds of one weight gradient; a larger one takes the first\nimages of its batch "
                   "(default: 200000000)")
      ->check(whole_number(1, INT64_MAX));
  command->add_option("--threads", typed->threads, "how many threads (default: one per processor)")
      ->check(whole_number(1, 1024));
  command->callback([typed, &action] {
    action = [typed](const Provenance& provenance) { return run_study(*typed, provenance); };
  });
}

}  // namespace quatrain::sim
