/// The emulator's products against oneDNN (integers) and OpenBLAS (fp32), one thread. The rivals get a plain
/// matrix product of the same sizes, with no windows to find: m x k and k x n lie ready.
#include "emu/gemm/blocked.hpp"
#include "emu/gemm/fp32.hpp"
#include "tests/bench/bars.hpp"
#include "tests/bench/emu_bars.hpp"

#include <cblas.h>
#include <cstdlib>
#include <cstring>
#include <dnnl.hpp>
#include <random>

namespace quatrain::tests {
namespace {

using traces::Encoding;
using traces::Phase;

traces::Geometry square(std::int64_t size) {
  traces::Geometry g;
  g.batch = g.in_channels = g.out_channels = size;
  g.out_height = g.out_width = 1;
  return g;
}

/// A 3 x 3 convolution of ResNet-20.
traces::Geometry convolution(std::int64_t batch, std::int64_t in, std::int64_t size, std::int64_t out,
                             std::int64_t stride, std::int64_t kernel) {
  traces::Geometry g;
  g.batch = batch, g.in_channels = in, g.height = g.width = size, g.out_channels = out;
  g.kernel_height = g.kernel_width = kernel, g.stride_height = g.stride_width = stride;
  g.padding_height = g.padding_width = kernel / 2;
  g.out_height = g.out_width = (size + 2 * g.padding_height - kernel) / stride + 1;
  return g;
}

emu::QuantizedTensor random_codes(Encoding encoding, std::int64_t elements, std::mt19937& random) {
  emu::QuantizedTensor tensor;
  tensor.encoding = encoding;
  while (tensor.codes.size() < static_cast<std::size_t>(elements)) {
    const auto code = static_cast<std::uint8_t>(random() >> 28);
    if (traces::is_legal_code(encoding, code)) tensor.codes.push_back(code);
  }
  return tensor;
}

/// u8 x s8, row-major, sums of 32 bits.
class OneDnnProduct {
 public:
  OneDnnProduct(std::int64_t m, std::int64_t n, std::int64_t k)
      : left_({{m, k}, dnnl::memory::data_type::u8, dnnl::memory::format_tag::ab}, engine_),
        right_({{k, n}, dnnl::memory::data_type::s8, dnnl::memory::format_tag::ab}, engine_),
        result_({{m, n}, dnnl::memory::data_type::s32, dnnl::memory::format_tag::ab}, engine_),
        primitive_(dnnl::matmul::primitive_desc(
            dnnl::matmul::desc(left_.get_desc(), right_.get_desc(), result_.get_desc()), engine_)) {
    std::memset(left_.get_data_handle(), 3, static_cast<std::size_t>(m * k));
    std::memset(right_.get_data_handle(), 2, static_cast<std::size_t>(k * n));
  }

  void run() {
    primitive_.execute(stream_, {{DNNL_ARG_SRC, left_}, {DNNL_ARG_WEIGHTS, right_}, {DNNL_ARG_DST, result_}});
    stream_.wait();
  }

 private:
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::memory left_, right_, result_;
  dnnl::matmul primitive_;
};

class OurProduct {
 public:
  OurProduct(const traces::Gemm& gemm, Encoding left, Encoding right) : gemm_(gemm) {
    std::mt19937 random(1);
    left_ = random_codes(left, traces::left_elements(gemm.phase, gemm.geometry), random);
    right_.push_back(random_codes(right, traces::right_elements(gemm.phase, gemm.geometry), random));
    result_.resize(static_cast<std::size_t>(traces::result_elements(gemm.phase, gemm.geometry)));
  }
  void run() { emu::multiply_blocked(gemm_, left_, right_, result_, path_, pool_, workspace_); }

 private:
  traces::Gemm gemm_;
  emu::QuantizedTensor left_;
  std::vector<emu::QuantizedTensor> right_;
  std::vector<std::int32_t> result_;
  emu::SimdPath path_ = emu::chosen_path();
  base::ThreadPool pool_{1};
  emu::GemmWorkspace workspace_;
};

void measure_integers(Bars& bars, const std::string& what, const traces::Gemm& gemm, Encoding left,
                      Encoding right, double bar) {
  const traces::GemmSize size = traces::gemm_size(gemm.phase, gemm.geometry);
  const std::string name = fmt::format("{} {} x {} x {}", what, size.m, size.n, size.k);
  if (!bars.wants(name)) return;
  OurProduct ours(gemm, left, right);
  OneDnnProduct rival(size.m, size.n, size.k);
  const double macs = static_cast<double>(size.m * size.n) * static_cast<double>(size.k);
  bars.measure(
      name, macs, bar, [&] { ours.run(); }, [&] { rival.run(); }, macs);
}

/// What DNNL_MAX_CPU_ISA allows the rival.
std::string one_dnn_isa() {
  const char* limit = std::getenv("DNNL_MAX_CPU_ISA");
  return limit == nullptr ? "its own choice of instructions" : fmt::format("up to {}", limit);
}

}  // namespace

void print_integer_bars(const std::regex& rows) {
  const dnnl_version_t* version = dnnl_version();
  Bars large(fmt::format("Exact 4-bit products on {}, rival oneDNN {}.{}.{} u8 x s8 ({}), one thread",
                         emu::title_of(emu::chosen_path()), version->major, version->minor, version->patch,
                         one_dnn_isa()),
             "oneDNN", "GMAC/s; m x n x k", rows);
  measure_integers(large, "int4 x int4", {Phase::forward, square(1024)}, Encoding::int4, Encoding::int4, 0.9);
  measure_integers(large, "fp4 x int4", {Phase::backward_data, square(1024)}, Encoding::fp4_e3m0,
                   Encoding::int4, 0.9);
  struct Layer {
    const char* name;
    traces::Geometry geometry;
  };
  const Layer layers[] = {
      {"stage 1", convolution(32, 16, 32, 16, 1, 3)},    {"stage 1-2", convolution(32, 16, 32, 32, 2, 3)},
      {"shortcut 2", convolution(32, 16, 32, 32, 2, 1)}, {"stage 2", convolution(32, 32, 16, 32, 1, 3)},
      {"stage 2-3", convolution(32, 32, 16, 64, 2, 3)},  {"shortcut 3", convolution(32, 32, 16, 64, 2, 1)},
      {"stage 3", convolution(32, 64, 8, 64, 1, 3)}};
  for (const Layer& layer : layers) {
    measure_integers(large, fmt::format("{} forward", layer.name), {Phase::forward, layer.geometry},
                     Encoding::uint4, Encoding::int4, 0.8);
    measure_integers(large, fmt::format("{} backward_data", layer.name),
                     {Phase::backward_data, layer.geometry}, Encoding::fp4_e3m0, Encoding::int4, 0.8);
    measure_integers(large, fmt::format("{} backward_weight", layer.name),
                     {Phase::backward_weight, layer.geometry}, Encoding::uint4, Encoding::fp4_e3m0, 0.8);
  }
  traces::Geometry narrow = convolution(32, 8, 32, 8, 1, 3);
  measure_integers(large, "n = 8 forward", {Phase::forward, narrow}, Encoding::uint4, Encoding::int4, 1);
  large.print();
  fmt::print("peak of the instructions alone: {:.0f} GMAC/s\n", measured_peak(emu::chosen_path()) * 1e-9);
}

void print_fp32_bars(const std::regex& rows) {
  constexpr std::int64_t size = 1024;
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  std::vector<float> left(size * size), right(size * size), ours(size * size), rival(size * size);
  for (float& value : left) value = normal(random);
  for (float& value : right) value = normal(random);
  base::ThreadPool pool(1);
  emu::GemmWorkspace workspace;
  const traces::Gemm gemm{Phase::forward, square(size)};
  openblas_set_num_threads(1);
  const auto run_ours = [&] {
    emu::multiply_fp32(gemm, left, right, ours, emu::chosen_path(), pool, workspace);
  };
  const auto run_rival = [&] {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, size, size, size, 1, left.data(), size, right.data(),
                size, 0, rival.data(), size);
  };
  Bars bars(fmt::format("fp32 products on {}, one fma chain over k; rival {}, one thread",
                        emu::title_of(emu::chosen_path()), openblas_get_config()),
            "OpenBLAS", "GMAC/s", rows);
  const std::string name = "fp32 1024 x 1024 x 1024";
  if (!bars.wants(name)) return;
  constexpr double macs = static_cast<double>(size) * size * size;
  bars.measure(name, macs, 0.8, run_ours, run_rival, macs, 1);
  bars.print();
}

}  // namespace quatrain::tests
