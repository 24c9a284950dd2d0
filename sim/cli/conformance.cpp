/// quatrain conformance: sharp cases for a program of one's own, and a verdict on what it made of them.
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/cross_check_text.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/conformance/codes.hpp"
#include "sim/conformance/make.hpp"
#include "sim/conformance/results_machine.hpp"
#include "sim/machines.hpp"
#include "sim/records/outputs.hpp"
#include "sim/verify/cross_check_json.hpp"
#include "traces/base/error.hpp"
#include "traces/base/joined.hpp"
#include "traces/format/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim {
namespace {

constexpr const char* conformance_examples = R"(
Examples:
  quatrain conformance make sharp                                       the whole set
  quatrain conformance make sharp --quick --shape 128,64,300            a small set, and your sizes
  quatrain verify sharp --machines emu                                  machines of this program on it
  quatrain conformance check sharp --results mine.safetensors           what your program made of it
docs/guides/conformance.md leads through it, in C, Python or any other language.)";

constexpr const char* make_examples = R"(
The cases: all pairs of codes in all phases, sums that leave 16 bits or a float at every place of tiles of up to
256 x 256, sums that cancel, ragged sizes, groups, strides, paddings, scales at the ends of their range, every edge of
every quantizer with both neighbours, and random draws read bit by bit. Layers are called FAMILY.WHAT.
emu.naive computes the expected results; emu.blocked has to confirm each before the trace is written. The same version
and options give the same bytes.

A convolution is KEY=VALUE with commas: batch, in, out (channels), size, kernel, stride, padding (N or HxW), groups.
What is left out is 1, but padding 0.

Examples:
  quatrain conformance make sharp
  quatrain conformance make sharp --shape 128,64,300 --shape 1,1,4096
  quatrain conformance make sharp --conv batch=2,in=16,out=32,size=14,kernel=3,padding=1
  quatrain conformance make sharp --conv batch=1,in=8,out=8,size=9x7,kernel=3x1,stride=2x1,groups=8)";

constexpr const char* check_examples = R"(
The trace is right, and the results are judged. FILE is one safetensors file, written by any program. Its tensors are
called by their record: RECORD.accumulators (I32) and, if you like, RECORD.output and RECORD.scale (F32) of a GEMM;
RECORD.codes (U8) and RECORD.scale of a quantizer. A GEMM record is called STEP/PASS/LAYER/PHASE, a quantizer by its
id. Records without a result are skipped and counted. DIR may be any trace, not only one of `conformance make`.
The last line says: results gemms A/B quantizers C/D elements E equal|DIFFERENT
Exit code 0: all results are equal, and there is at least one; 1: a difference; 2: bad input.

Examples:
  quatrain conformance check sharp --results mine.safetensors
  quatrain conformance check sharp --results mine.safetensors --json crosscheck.json)";

/// Digits and nothing else, 1 (or 0) to 2^31 - 1.
std::int64_t read_size(std::string_view option, std::string_view text, std::int64_t least = 1) {
  constexpr std::int64_t most = (std::int64_t{1} << 31) - 1;
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = failure == std::errc() && end == text.data() + text.size() && text.front() != '-';
  if (!is_number || value < least || value > most)
    throw base::Error("{}: found '{}'; expected a whole number from {} to {}", option, base::printable(text),
                      least, most);
  return value;
}

std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

traces::GemmSize read_shape(const std::string& text) {
  const std::vector<std::string> parts = parts_of(text, ',');
  if (parts.size() != 3)
    throw base::Error("--shape: found '{}'; expected m,n,k, like 128,64,300", base::printable(text));
  return {read_size("--shape", parts[0]), read_size("--shape", parts[1]), read_size("--shape", parts[2]), 1};
}

/// "3" or "3x1".
void read_axes(const std::string& option, const std::string& text, std::int64_t least, std::int64_t& height,
               std::int64_t& width) {
  const std::vector<std::string> axes = parts_of(text, 'x');
  if (axes.size() > 2)
    throw base::Error("{}: found '{}'; expected N or HEIGHTxWIDTH", option, base::printable(text));
  height = read_size(option, axes.front(), least);
  width = read_size(option, axes.back(), least);
}

traces::Geometry read_conv(const std::string& text) {
  constexpr std::array<std::string_view, 8> keys = {"batch",  "in",     "out",     "size",
                                                    "kernel", "stride", "padding", "groups"};
  traces::Geometry g;
  std::vector<std::string> seen;
  for (const std::string& part : parts_of(text, ',')) {
    const std::size_t equals = part.find('=');
    const std::string key = part.substr(0, equals), option = "--conv " + base::printable(key);
    const bool is_known = equals != std::string::npos && std::ranges::find(keys, key) != keys.end();
    if (!is_known)
      throw base::Error("--conv: found '{}'; expected KEY=VALUE with one of {}", base::printable(part),
                        base::joined(keys));
    if (std::ranges::find(seen, key) != seen.end()) throw base::Error("{}: is there twice", option);
    seen.push_back(key);
    const std::string value = part.substr(equals + 1);
    if (key == "batch") g.batch = read_size(option, value);
    if (key == "in") g.in_channels = read_size(option, value);
    if (key == "out") g.out_channels = read_size(option, value);
    if (key == "size") read_axes(option, value, 1, g.height, g.width);
    if (key == "kernel") read_axes(option, value, 1, g.kernel_height, g.kernel_width);
    if (key == "stride") read_axes(option, value, 1, g.stride_height, g.stride_width);
    if (key == "padding") read_axes(option, value, 0, g.padding_height, g.padding_width);
    if (key == "groups") g.groups = read_size(option, value);
  }
  if (g.in_channels % g.groups != 0 || g.out_channels % g.groups != 0)
    throw base::Error("--conv groups: found {}; expected a divisor of in={} and out={}", g.groups,
                      g.in_channels, g.out_channels);
  return with_output(g);
}

struct TypedMake {
  std::string directory;
  bool is_quick = false;
  std::vector<std::string> shapes, convs;
  unsigned threads = 0;
};

/// What is asked for twice is made once.
template <typename Value>
void add_new(std::vector<Value>& all, const Value& value) {
  if (std::find(all.begin(), all.end(), value) == all.end()) all.push_back(value);
}

std::uint64_t bytes_in(const std::filesystem::path& directory) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) bytes += entry.file_size();
  return bytes;
}

int make(const TypedMake& typed) {
  const auto begin = std::chrono::steady_clock::now();
  ConformanceOptions options{.is_quick = typed.is_quick, .shapes = {}, .convs = {}};
  for (const std::string& text : typed.shapes) add_new(options.shapes, read_shape(text));
  for (const std::string& text : typed.convs) add_new(options.convs, read_conv(text));
  require_makeable(options);
  base::ThreadPool pool(typed.threads, interrupted);
  const std::array<std::string, 2> names = {"emu.naive", "emu.blocked"};
  std::vector<RegisteredMachine> machines = make_machines(names, pool);
  const auto machine = [&](const std::string& name) -> traces::Machine& {
    return *std::ranges::find(machines, name, &RegisteredMachine::name)->machine;
  };
  const auto progress = make_progress();
  const ConformanceCounts counts =
      make_conformance(typed.directory, options, machine(names[0]), machine(names[1]), *progress);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  fmt::print("{}: {} gemms of {} MACs, {} quantizers; {:.1f} MB in {}\n", typed.directory, counts.gemms,
             counts.macs, counts.quantizers, static_cast<double>(bytes_in(typed.directory)) / 1e6,
             duration_text(seconds.count()));
  fmt::print("expected results by {}, confirmed by {}\n", names[0], names[1]);
  return 0;
}

struct TypedCheck {
  std::string directory, results, json;
  std::uint64_t result_limit_mib = CrossCheckOptions{}.result_limit_mib;
};

int check(const TypedCheck& typed, const Provenance& provenance) {
  std::vector<Output> outputs;
  if (!typed.json.empty()) {
    require_outside(typed.json, typed.directory);
    outputs.push_back({typed.json, json_mark("quatrain-crosscheck")});
  }
  require_free(outputs);
  std::optional<InterruptDeadline> deadline(std::in_place);  // nothing is written until all is compared
  const auto progress = make_progress();
  const traces::TraceReader trace = traces::check_trace(typed.directory, *progress);
  ResultsMachine results(typed.results, trace);
  const std::vector<Candidate> candidates{
      {.name = results.name(),
       .machine = &results,
       .why_not = {},
       .proven = {},
       .announce = [&](const std::string& record) { results.expect(record); }}};
  const CrossCheck found = cross_check(
      trace, candidates, {.result_limit_mib = typed.result_limit_mib, .stops = interrupted}, *progress);
  deadline.reset();
  print_cross_check(found);
  if (!outputs.empty()) {
    const std::string text = with_provenance(cross_check_json(found, typed.json), provenance, 2);
    warn_unless_flushed(write_outputs(outputs, std::span(&text, 1)), typed.json);
  }
  if (!found.checked())
    throw base::Error("{}: nothing was checked; expected a result of one of the records of {}", typed.results,
                      typed.directory);
  return found.equal() ? 0 : 1;
}

void add_make(CLI::App& conformance, Action& action) {
  CLI::App* command =
      conformance.add_subcommand("make", "Write sharp cases with their expected results, as a trace");
  command->footer(make_examples);
  const auto typed = std::make_shared<TypedMake>();
  command->add_option("DIR", typed->directory, "trace directory to write; must not exist")->required();
  command->add_flag("--quick", typed->is_quick, "fewer and smaller cases of every kind");
  command
      ->add_option(
          "--shape", typed->shapes,
          "add a product of m,n,k in all five modes: random codes, and the\nwidest sums; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->check(not_empty());
  command->add_option("--conv", typed->convs, "add a convolution in all phases; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->check(not_empty());
  command->add_option("--threads", typed->threads, "default: as many as the machine has")
      ->check(whole_number(1, 1024));
  command->callback([typed, &action] { action = [typed](const Provenance&) { return make(*typed); }; });
}

void add_check(CLI::App& conformance, Action& action) {
  CLI::App* command =
      conformance.add_subcommand("check", "Compare the results of any program with a trace, bit for bit");
  command->footer(check_examples);
  const auto typed = std::make_shared<TypedCheck>();
  command->add_option("DIR", typed->directory, "trace directory")->required();
  command->add_option("--results", typed->results, "safetensors file with the results")
      ->required()
      ->check(not_empty());
  command->add_option("--json", typed->json, "write the findings to this file")->check(not_empty());
  command
      ->add_option("--result-limit", typed->result_limit_mib,
                   "MiB that one GEMM's result may take (default: 1024)")
      ->check(whole_number(1, std::uint64_t{1} << 20));
  command->callback([typed, &action] {
    action = [typed](const Provenance& provenance) { return check(*typed, provenance); };
  });
}

}  // namespace

void add_conformance_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand(
      "conformance", "Sharp cases for a program of your own, and a verdict on its results");
  command->require_subcommand(1);
  command->footer(conformance_examples);
  add_make(*command, action);
  add_check(*command, action);
}

}  // namespace quatrain::sim
