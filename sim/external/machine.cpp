#include "sim/external/machine.hpp"

#include "sim/external/buffers.hpp"
#include "sim/external/kernel_process.hpp"
#include "sim/external/steady.hpp"
#include "sim/external/translate.hpp"
#include "traces/base/error.hpp"
#include "traces/encoding/nibbles.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <set>
#include <utility>

namespace quatrain::sim::external {
namespace {

namespace fs = std::filesystem;
constexpr std::uint32_t text_bytes = 1024;
constexpr std::size_t most_lines = 100;  // of what a kernel prints

template <std::size_t size>
std::string text_in(const std::array<char, size>& room) {
  return {room.data(), strnlen(room.data(), size)};
}

std::int32_t launch_order(Turn turn) {
  switch (turn) {
    case Turn::first:
      return QT_LAUNCH_ASCENDING;
    case Turn::second:
      return QT_LAUNCH_DESCENDING;
  }
  return 0;
}

std::string_view name_of(Turn turn) {
  switch (turn) {
    case Turn::first:
      return "first run";
    case Turn::second:
      return "second run, launch order descending";
  }
  return {};
}

template <typename Element>
void put(std::span<const Element> elements, std::span<std::uint8_t> room) {
  std::memcpy(room.data(), elements.data(), room.size());
}

/// A kernel behind traces/machine.hpp.
class ExternalMachine final : public traces::Machine {
 public:
  ExternalMachine(std::string name, const fs::path& library, const KernelSettings& settings)
      : name_(std::move(name)), library_(library) {
    settings_.library = fs::absolute(library).string();
    settings_.patience = settings.patience;
    settings_.stops = settings.stops;
    settings_.program = settings.program;
    settings_.printed = [this, printed = settings.printed](std::string_view line) {
      if (!printed || ++lines_ > most_lines + 1) return;
      printed(fmt::format("{}: {}", name_,
                          lines_ <= most_lines ? line : "(what it prints from here on is not shown)"));
    };
    start();
  }

  std::string name() const override { return name_; }
  std::string ran_on() const override {
    const std::string kernel = base::printable(text_in(loaded_.name)), file = library_.filename().string();
    return kernel.empty() ? file : fmt::format("{} ({})", kernel, file);
  }

  traces::Refusal refuses(const traces::Gemm& gemm, traces::Encoding left,
                          traces::Encoding right) const override {
    if (!loaded_.multiplies) return "the kernel has no multiply";
    for (const traces::Encoding encoding : {left, right})
      if (!traces::is_four_bit(encoding)) return fmt::format("no products of {}", traces::name_of(encoding));
    return traces::needs_exact_sums(gemm);  // the interface has no word for another accumulator
  }
  traces::Refusal refuses(traces::Rule) const override {
    if (!loaded_.quantizes) return "the kernel has no quantize";
    return std::nullopt;
  }

  traces::QuantizerResult quantize(const traces::QuantizerTask& task) override {
    traces::check_task(task);
    const bool gives_facts = (loaded_.capabilities & QT_GIVES_FACTS) != 0;
    Buffers buffers;
    buffers.add(Slot::source, task.source.size_bytes());
    buffers.add(Slot::codes, traces::packed_size(task.source.size()));
    buffers.add(Slot::text, text_bytes);
    QuantizerCall call;
    call.task = {.struct_size = sizeof(qt_quantizer_task),
                 .rule = abi_of(task.rule),
                 .alpha = abi_of(task.alpha),
                 .launch_order = 0,
                 .random_bits = task.random_bits,
                 .seed = task.draws.seed,
                 .step = task.draws.step,
                 .layer = task.draws.layer,
                 .sample = task.draws.sample,
                 .has_maximum = task.maximum ? 1U : 0U,
                 .maximum = task.maximum.value_or(0),
                 .source = nullptr,
                 .elements = task.source.size()};
    call.result.struct_size = sizeof(qt_quantizer_result);
    call.result.code_bytes = traces::packed_size(task.source.size());
    call.result.text_bytes = text_bytes;
    std::array<QuantizerAnswer, 2> answers;
    for (const Turn turn : {Turn::first, Turn::second}) {
      QuantizerAnswer& answer = answers[static_cast<std::size_t>(turn)];
      call.task.launch_order = launch_order(turn);
      poison(call.result, turn);
      answer.result = run(buffers, call, turn, [&] { put(task.source, buffers.data(Slot::source)); }).result;
      const auto codes = buffers.data(Slot::codes);
      answer.codes.assign(codes.begin(), codes.end());
    }
    return steady_result(std::move(answers), task.rule, gives_facts);
  }

  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    traces::check_operands(gemm, left, right);
    const bool gives_output = (loaded_.capabilities & QT_GIVES_OUTPUT) != 0;
    const auto elements = static_cast<std::uint64_t>(traces::result_elements(gemm.phase, gemm.geometry));
    Buffers buffers;
    buffers.add(Slot::left, left.codes.size());
    for (unsigned sample = 0; sample < right.size(); ++sample)
      buffers.add(Slot::right, right[sample].codes.size(), sample);
    buffers.add(Slot::accumulators, elements * sizeof(std::int32_t));
    if (gives_output) buffers.add(Slot::output, elements * sizeof(float));
    buffers.add(Slot::text, text_bytes);
    GemmCall call;
    call.task = {.struct_size = sizeof(qt_gemm_task),
                 .phase = abi_of(gemm.phase),
                 .left_encoding = abi_of(left.encoding),
                 .right_encoding = abi_of(right[0].encoding),
                 .launch_order = 0,
                 .geometry = abi_of(gemm.geometry),
                 .left_scale = left.scale,
                 .right_scale = right[0].scale,
                 .left = nullptr,
                 .left_bytes = left.codes.size(),
                 .right = nullptr,
                 .right_samples = right.size(),
                 .right_bytes = right[0].codes.size()};
    call.result.struct_size = sizeof(qt_gemm_result);
    call.result.accumulator_count = elements;
    call.result.text_bytes = text_bytes;
    std::array<GemmAnswer, 2> answers;
    for (const Turn turn : {Turn::first, Turn::second}) {
      GemmAnswer& answer = answers[static_cast<std::size_t>(turn)];
      call.task.launch_order = launch_order(turn);
      poison(call.result, turn);
      answer.scale = run(buffers, call, turn, [&] {
                       put(left.codes, buffers.data(Slot::left));
                       for (unsigned sample = 0; sample < right.size(); ++sample)
                         put(right[sample].codes, buffers.data(Slot::right, sample));
                     }).result.output_scale;
      answer.take(buffers.data(Slot::accumulators), buffers.data(Slot::output));
    }
    return steady_result(std::move(answers), gemm, gives_output);
  }

 private:
  void start() {
    process_ = std::make_unique<KernelProcess>(settings_);
    const auto end = process_->wait_until_loaded(loaded_);
    if (end) {
      process_.reset();
      throw base::Error("{}: it misbehaved while it was loaded: {}", library_.string(), end->text);
    }
    if (const std::string error = text_in(loaded_.error); !error.empty())
      throw base::Error("{}: {}", library_.string(), error);
  }

  /// One call of the kernel, with what it wrote into the result. `write_operands`: into the buffers.
  template <typename Call, typename Write>
  Call run(Buffers& buffers, const Call& call, Turn turn, const Write& write_operands) {
    if (!process_) start();
    buffers.reserve_in(process_->operands(), process_->results());
    buffers.poison(turn);
    write_operands();
    buffers.data(Slot::text)[0] = 0;
    Request request;
    request.call = call;
    buffers.put_into(request);
    Reply reply;
    if (const auto end = process_->ask(request, reply)) {
      const std::string place = buffers.place_of_fault(process_->notes());
      process_.reset();
      throw Misbehaved(end->kind, "{}{}{} ({})", end->text, place.empty() ? "" : "; it ", place,
                       name_of(turn));
    }
    judge(buffers, reply, turn);
    return std::get<Call>(reply.call);
  }

  /// Throws for all that is not a result.
  void judge(const Buffers& buffers, const Reply& reply, Turn turn) {
    if (const auto trespass = buffers.trespass(turn)) {
      process_.reset();  // nobody knows what else it wrote to
      throw Misbehaved(Misbehaviour::out_of_bounds, "{} ({})", *trespass, name_of(turn));
    }
    switch (reply.outcome) {
      case Outcome::returned:
        break;
      case Outcome::threw:
        process_.reset();
        throw Misbehaved(Misbehaviour::exception, "a C++ exception left it: {} ({})",
                         base::printable(text_in(reply.text)), name_of(turn));
      case Outcome::no_memory:
        throw base::Error("{}", text_in(reply.text));
    }
    if (reply.status == QT_DONE) return;
    const auto room = buffers.data(Slot::text);
    const auto* const begin = reinterpret_cast<const char*>(room.data());
    std::string words = base::printable({begin, strnlen(begin, room.size())});
    if (words.empty()) words = "it gave no reason";
    if (reply.status == QT_REFUSED) throw Refused("{}", words);
    if (reply.status == QT_FAILED) throw Misbehaved(Misbehaviour::failure, "{} ({})", words, name_of(turn));
    throw Misbehaved(Misbehaviour::failure, "it returned {}; expected QT_DONE, QT_REFUSED or QT_FAILED ({})",
                     reply.status, name_of(turn));
  }

  std::string name_;
  fs::path library_;
  HostSettings settings_;
  std::size_t lines_ = 0;
  Loaded loaded_;
  std::unique_ptr<KernelProcess> process_;  ///< null after it ended
};

void require_file(const fs::path& library) {
  std::error_code failure;
  if (!fs::exists(library, failure)) throw base::Error("{}: no such file", library.string());
  if (!fs::is_regular_file(library, failure))
    throw base::Error("{}: expected a shared library, a file", library.string());
}

}  // namespace

std::vector<traces::MachineOffer> machine_offers(const std::vector<fs::path>& libraries,
                                                 const KernelSettings& settings) {
  std::vector<traces::MachineOffer> offers;
  std::set<std::string> names;
  for (const fs::path& library : libraries) {
    const std::string stem = "kernel." + base::printable(library.stem().string());
    std::string name = stem;
    for (int number = 2; !names.insert(name).second; ++number) name = fmt::format("{}-{}", stem, number);
    offers.push_back({name, [] { return std::nullopt; },
                      [name, library, settings](base::ThreadPool&) -> std::unique_ptr<traces::Machine> {
                        require_file(library);
                        return std::make_unique<ExternalMachine>(name, library, settings);
                      }});
  }
  return offers;
}

}  // namespace quatrain::sim::external
