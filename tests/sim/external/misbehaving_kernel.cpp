/// The template of examples/kernel_c, which is right, with one misbehaviour that the environment chooses:
/// QUATRAIN_TEST_MISBEHAVIOUR=word. In multiply it shows in backward_data alone.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <quatrain/kernel_abi.h>
#include <stdexcept>
#include <string_view>
#include <unistd.h>

extern "C" const qt_kernel* template_kernel_entry(void);  // kernel.c, whose function the build calls so

namespace {

std::string_view misbehaviour() {
  const char* const word = std::getenv("QUATRAIN_TEST_MISBEHAVIOUR");
  return word != nullptr ? word : "";
}

bool is(std::string_view word) { return misbehaviour() == word; }

[[gnu::noinline]] int endless_recursion(volatile int* above) {
  volatile int room[1024];
  room[0] = *above + 1;
  if (room[0] == 0) return 0;
  return endless_recursion(room) + room[0];
}

/// Writes through a pointer that no compiler can see through.
template <typename Element>
Element* anywhere(const Element* pointer) {
  Element* volatile hidden = const_cast<Element*>(pointer);
  return hidden;
}

/// Of tests/data/outside_trace: 1 x 3 x 13 x 55 inputs.
bool is_first_record(const qt_gemm_task& task) {
  const qt_geometry& g = task.geometry;
  return g.batch * g.in_channels * g.height * g.width == 2145;
}

/// Before the product.
void misbehave_early(const qt_gemm_task& task) {
  if (is("null")) *anywhere(reinterpret_cast<const int*>(std::uintptr_t{16})) = 1;
  if (is("read_behind")) *anywhere(task.left) = anywhere(task.left)[task.left_bytes + 64];
  if (is("write_operand")) anywhere(task.right[0])[3] = 1;
  if (is("abort")) std::abort();
  if (is("recursion")) {
    int start = 0;
    endless_recursion(&start);
  }
  if (is("hang"))
    for (;;) pause();
  if (is("hang_with_children") && is_first_record(task)) {
    for (int i = 0; i < 2; ++i)
      if (fork() == 0)
        for (;;) pause();
    for (;;) pause();
  }
  if (is("children") && fork() == 0)
    for (;;) pause();
  if (is("exit")) std::exit(3);
  if (is("exit_0")) _exit(0);
  if (is("exception")) throw std::runtime_error("tile 3 is missing");
  if (is("other_exception")) throw 3;
  if (is("close_all"))
    for (int fd = 0; fd < 64; ++fd) close(fd);
  if (is("print")) {
    std::printf("a line\nand one without an end");
    std::fprintf(stderr, "to stderr\n");
  }
  if (is("print_much"))
    for (int i = 0; i < 100'000; ++i) std::printf("line %d\n", i);
  if (is("print_and_crash")) {
    std::printf("before the crash\n");
    raise(SIGSEGV);
  }
}

/// After it.
void misbehave_late(const qt_gemm_task& task, qt_gemm_result& result, std::int32_t& status) {
  std::int32_t* const sums = anywhere(result.accumulators);
  const auto count = static_cast<std::ptrdiff_t>(result.accumulator_count);
  static int calls = 0;
  if (is("write_behind")) sums[count] = 7;
  if (is("write_before")) sums[-2] = 7;
  if (is("write_far")) sums[count + 65536] = 7;
  if (is("wrong")) sums[count - 1] += 1;
  if (is("order") && task.launch_order == QT_LAUNCH_DESCENDING) sums[1] += 1;
  if (is("calls")) sums[0] += calls++;
  if (is("reads_beside")) sums[0] += anywhere(task.left)[-1];
  if (is("weight_5") && task.right[0][2] >> 4 != 0) sums[0] += 1;  // its code counts once too often
  if (is("scale")) result.output_scale *= 2;
  if (is("fail")) {
    std::snprintf(result.text, result.text_bytes, "no device for tile %d", 3);
    status = QT_FAILED;
  }
  if (is("fail_silently")) status = QT_FAILED;
  if (is("status")) status = 7;
  if (is("refuse")) {
    std::snprintf(result.text, result.text_bytes, "no backward_data yet");
    status = QT_REFUSED;
  }
}

/// All that a task says, in the first of its two calls.
void echo(const qt_gemm_task& task, const qt_gemm_result& result) {
  if (!is("echo") || task.launch_order != QT_LAUNCH_ASCENDING) return;
  const qt_geometry& g = task.geometry;
  std::printf("gemm %d %d %d %a %a %lu %lu %lu %lu |", task.phase, task.left_encoding, task.right_encoding,
              static_cast<double>(task.left_scale), static_cast<double>(task.right_scale), task.left_bytes,
              task.right_samples, task.right_bytes, result.accumulator_count);
  for (const std::int64_t size :
       {g.batch, g.in_channels, g.height, g.width, g.out_channels, g.out_height, g.out_width, g.kernel_height,
        g.kernel_width, g.stride_height, g.stride_width, g.padding_height, g.padding_width, g.groups})
    std::printf(" %ld", size);
  std::printf("\n");
}

void echo(const qt_quantizer_task& task, const qt_quantizer_result& result) {
  if (!is("echo") || task.launch_order != QT_LAUNCH_ASCENDING) return;
  std::printf("quantizer %d | %u %u | %lu %lu", task.rule, task.step, task.layer, task.elements,
              result.code_bytes);
  const bool is_luq = task.rule == QT_RULE_LUQ_FP4;
  if (is_luq || task.rule == QT_RULE_NEAREST_FP4)
    std::printf(" | %d %u %a", task.alpha, task.has_maximum, static_cast<double>(task.maximum));
  if (is_luq) std::printf(" | %u %u %u", task.random_bits, task.seed, task.sample);
  std::printf("\n");
}

std::int32_t multiply(const qt_gemm_task* task, qt_gemm_result* result) {
  echo(*task, *result);
  const bool misbehaves = task->phase == QT_PHASE_BACKWARD_DATA;
  if (misbehaves) misbehave_early(*task);
  const auto count = static_cast<std::size_t>(result->accumulator_count);
  std::int32_t* const before = new std::int32_t[count];
  std::memcpy(before, result->accumulators, count * sizeof *before);
  qt_gemm_result product = *result;
  float* const room = new float[count];  // the template always writes outputs
  if (result->output == nullptr) product.output = room;
  std::int32_t status = template_kernel_entry()->multiply(task, &product);
  result->output_scale = product.output_scale;
  delete[] room;
  if (misbehaves && is("unwritten")) result->accumulators[count - 1] = before[count - 1];
  if (misbehaves && is("adds"))
    for (std::size_t i = 0; i < count; ++i)
      result->accumulators[i] = static_cast<std::int32_t>(static_cast<unsigned>(before[i]) +
                                                          static_cast<unsigned>(result->accumulators[i]));
  delete[] before;
  if (misbehaves) misbehave_late(*task, *result, status);
  return status;
}

std::int32_t quantize(const qt_quantizer_task* task, qt_quantizer_result* result) {
  echo(*task, *result);
  const auto bytes = static_cast<std::size_t>(result->code_bytes);
  std::uint8_t* const before = new std::uint8_t[bytes];
  std::memcpy(before, result->codes, bytes);
  const float scale = result->scale;
  const std::int32_t status = template_kernel_entry()->quantize(task, result);
  if (is("codes_merged"))
    for (std::size_t i = 0; i < bytes; ++i) result->codes[i] |= before[i];
  if (is("codes_unwritten")) result->codes[0] = before[0];
  if (is("codes_behind")) anywhere(result->codes)[bytes] = 0;
  if (is("scale_unwritten")) result->scale = scale;
  delete[] before;
  return status;
}

/// What the library says of itself, while it is loaded.
qt_kernel described() {
  qt_kernel kernel = *template_kernel_entry();
  kernel.name = "misbehaving kernel";
  kernel.multiply = multiply;
  kernel.quantize = quantize;
  if (is("version")) kernel.abi_version = 2;
  if (is("size")) kernel.struct_size = 24;
  if (is("size_0")) kernel.struct_size = 0;
  if (is("nothing")) kernel.multiply = nullptr, kernel.quantize = nullptr;
  if (is("accumulators_alone")) kernel.capabilities = 0;
  if (is("only_quantize")) kernel.multiply = nullptr;
  if (is("only_multiply")) kernel.quantize = nullptr;
  return kernel;
}

}  // namespace

const qt_kernel* qt_kernel_entry(void) {
  if (is("load_crash")) raise(SIGSEGV);
  if (is("load_hang"))
    for (;;) pause();
  if (is("entry_null")) return nullptr;
  static const qt_kernel kernel = described();
  return &kernel;
}
