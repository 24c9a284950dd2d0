/// Speed of the kernels on a GPU as rows of a Markdown table. Rivals in the same run: cuBLAS's int8 GEMM for
/// the products (of operands that are already int8, and for a linear layer, so that it has nothing to unpack
/// or lower), a copy inside the device's memory for the quantizers. A product is compared with the rival's
/// before it is timed.

#include "kernels/gemm/rungs.cuh"
#include "kernels/quant/absmax.cuh"
#include "kernels/quant/codes.cuh"
#include "kernels/quant/luq.cuh"
#include "kernels/quant/sawb.cuh"
#include "tests/bench/paired_timer.hpp"

#include <cstdio>
#include <cublas_v2.h>
#include <random>
#include <stdexcept>
#include <vector>

namespace quatrain::kernels::cuda {
namespace {

using tests::PairedTimer;

constexpr int launches = 20;  // between two synchronizations
constexpr int rounds = 15;

template <typename Ours, typename Rival>
PairedTimer timed(const Ours& ours, const Rival& rival) {
  const auto repeated = [](const auto& launch) {
    return [&launch] {
      for (int i = 0; i < launches; ++i) launch();
      check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    };
  };
  PairedTimer timer;
  repeated(ours)();
  repeated(rival)();
  for (int i = 0; i < rounds; ++i) timer.round(repeated(ours), repeated(rival));
  return timer;
}

struct Sizes {
  int m, n, k;
};

/// X [m, k] and W [n, k] as INT4 codes and as int8 values.
class Product {
 public:
  explicit Product(const Sizes& sizes) : sizes_(sizes) {
    std::mt19937 random(1);
    fill(static_cast<std::size_t>(sizes.m) * static_cast<std::size_t>(sizes.k), random, left_, left_values_);
    fill(static_cast<std::size_t>(sizes.n) * static_cast<std::size_t>(sizes.k), random, right_,
         right_values_);
    const auto outputs = static_cast<std::size_t>(sizes.m) * static_cast<std::size_t>(sizes.n);
    device_.prepare(ours_, outputs);
    device_.prepare(rivals_, outputs);
    if (cublasCreate(&cublas_) != CUBLAS_STATUS_SUCCESS) throw std::runtime_error("cublasCreate failed");
  }
  ~Product() { cublasDestroy(cublas_); }

  template <typename Rung>
  void measure(Rung rung, const char* name) {
    traces::Geometry g;
    g.batch = sizes_.m, g.in_channels = sizes_.k, g.out_channels = sizes_.n;
    const GemmShape shape = make_shape({Phase::forward, g}, 1);
    const GemmOperands operands{left_.data(), right_.data(), 0};
    const auto ours = [&] {
      rung.template launch<Phase::forward, Encoding::int4, Encoding::int4>(device_, {}, shape, operands,
                                                                           ours_);
    };
    const auto rival = [&] { multiply_by_cublas(); };
    ours();
    rival();
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    if (fetched(ours_) != fetched(rivals_))
      throw std::runtime_error("our product differs from cuBLAS's: nothing to time");
    const PairedTimer timer = timed(ours, rival);
    const double macs = 1.0 * sizes_.m * sizes_.n * sizes_.k * launches;
    std::printf("| gemm_%s %d x %d x %d | %.1f GMAC/s | cuBLAS int8 %.1f GMAC/s | %.3f |\n", name, sizes_.m,
                sizes_.n, sizes_.k, macs / timer.ours() * 1e-9, macs / timer.rival() * 1e-9, timer.ratio());
  }

 private:
  void fill(std::size_t count, std::mt19937& random, Buffer<std::uint8_t>& codes,
            Buffer<std::int8_t>& values) {
    std::vector<std::uint8_t> packed(count / 2);
    std::vector<std::int8_t> decoded(count);
    for (std::size_t i = 0; i < count; ++i) {
      const unsigned code = static_cast<unsigned>(random() >> 28U) % 8;  // 0..7: a sign would prove no more
      packed[i / 2] = static_cast<std::uint8_t>(packed[i / 2] | code << (4 * (i % 2)));
      decoded[i] = static_cast<std::int8_t>(code);
    }
    device_.prepare(codes, padded_bytes(packed.size()));
    device_.clear(codes);
    device_.upload(codes, 0, std::span<const std::uint8_t>(packed));
    device_.prepare(values, count);
    device_.upload(values, 0, std::span<const std::int8_t>(decoded));
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }
  void multiply_by_cublas() {
    const int one = 1, zero = 0;  // column-major: the transposed result W X^T
    const auto status =
        cublasGemmEx(cublas_, CUBLAS_OP_T, CUBLAS_OP_N, sizes_.n, sizes_.m, sizes_.k, &one,
                     right_values_.data(), CUDA_R_8I, sizes_.k, left_values_.data(), CUDA_R_8I, sizes_.k,
                     &zero, rivals_.data(), CUDA_R_32I, sizes_.n, CUBLAS_COMPUTE_32I, CUBLAS_GEMM_DEFAULT);
    if (status != CUBLAS_STATUS_SUCCESS) throw std::runtime_error("cublasGemmEx failed");
  }
  std::vector<std::int32_t> fetched(const Buffer<std::int32_t>& from) {
    std::vector<std::int32_t> values(from.size());
    device_.download(std::span(values), from);
    return values;
  }

  Sizes sizes_;
  Device device_;
  cublasHandle_t cublas_ = nullptr;
  Buffer<std::uint8_t> left_, right_;
  Buffer<std::int8_t> left_values_, right_values_;
  Buffer<std::int32_t> ours_, rivals_;
};

/// GB/s that the memory could do at its clock: two transfers a cycle.
double peak_gigabytes() {
  int kilohertz = 0, bits = 0;
  check_cuda(cudaDeviceGetAttribute(&kilohertz, cudaDevAttrMemoryClockRate, 0), "cudaDeviceGetAttribute");
  check_cuda(cudaDeviceGetAttribute(&bits, cudaDevAttrGlobalMemoryBusWidth, 0), "cudaDeviceGetAttribute");
  return 2.0 * kilohertz * (bits / 8.0) * 1e-6;
}

class Quantizers {
 public:
  static constexpr unsigned count = 1U << 26;

  Quantizers() {
    std::vector<float> x(count);
    std::mt19937 random(1);
    for (float& value : x)
      value = static_cast<float>(static_cast<int>(random() >> 8U) - (1 << 23)) * 0x1p-23F;
    device_.prepare(source_, count);
    device_.upload(source_, 0, std::span<const float>(x));
    device_.prepare(copy_, count);
    device_.prepare(codes_, count / word_elements);
    device_.prepare(maximum_, 1);
    device_.prepare(sums_, 1);
    device_.clear(maximum_);
    device_.clear(sums_);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  template <typename Access>
  void measure(const char* access) {
    const LaunchShape cut;
    const dim3 block(cut.threads), reduction(cut.reduction_blocks);
    const dim3 coding(blocks_for(count / word_elements, std::size_t{cut.threads} * Access::words));
    const double read = 4.0 * count, written = 0.5 * count;
    const SawbCoder sawb{7.0F, -7.0F, 7.0F};
    const LuqCoder<16> luq{64.0F, {1, 0, 0, 0, 0}};
    row("find_maximum", access, read, [&] {
      device_.launch("find_maximum", find_maximum<Access>, reduction, block, source_.data(), count, false,
                     maximum_.data());
    });
    row("sum_sawb", access, read, [&] {
      device_.launch("sum_sawb", sum_sawb<Access>, reduction, block, source_.data(), count, 0x1p16F,
                     sums_.data());
    });
    row("codes of SAWB", access, read + written, [&] {
      device_.launch("make_codes", make_codes<Access, SawbCoder>, coding, block, source_.data(), count, sawb,
                     codes_.data());
    });
    row("codes of LUQ, 16 bits", access, read + written, [&] {
      device_.launch("make_codes", make_codes<Access, LuqCoder<16>>, coding, block, source_.data(), count,
                     luq, codes_.data());
    });
    row("codes of LUQ and maximum", access, read + written, [&] {
      device_.launch("make_codes_and_maximum", make_codes_and_maximum<Access, LuqCoder<16>>, coding, block,
                     source_.data(), count, luq, false, codes_.data(), maximum_.data());
    });
  }

 private:
  template <typename Launch>
  void row(const char* name, const char* access, double bytes, const Launch& launch) {
    const PairedTimer timer = timed(launch, [&] {
      check_cuda(
          cudaMemcpyAsync(copy_.data(), source_.data(), count * sizeof(float), cudaMemcpyDeviceToDevice),
          "cudaMemcpy");
    });
    const double ours = bytes * launches / timer.ours() * 1e-9,
                 rival = 8.0 * count * launches / timer.rival() * 1e-9;
    std::printf("| %s, %s, %u elements | %.0f GB/s, %.2f of peak | copy on the device %.0f GB/s | %.3f |\n",
                name, access, count, ours, ours / peak_gigabytes(), rival, ours / rival);
  }

  Device device_;
  Buffer<float> source_, copy_;
  Buffer<std::uint32_t> codes_;
  Buffer<FoundMaximum> maximum_;
  Buffer<SawbSums> sums_;
};

void measure_all() {
  std::printf("| kernel | ours | rival | ours / rival |\n|---|---|---|---|\n");
  for (const Sizes& sizes : {Sizes{12544, 32, 288}, Sizes{12544, 128, 1152}, Sizes{4096, 4096, 4096}}) {
    Product product(sizes);
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      (product.measure(std::tuple_element_t<i, Ladder>{}, ladder[i].name), ...);
    }
    (std::make_index_sequence<std::size(ladder)>{});
  }
  Quantizers quantizers;
  quantizers.measure<ScalarAccess>("scalar");
  quantizers.measure<VectorAccess>("vectorized");
}

}  // namespace
}  // namespace quatrain::kernels::cuda

int main() try {
  quatrain::kernels::cuda::measure_all();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 2;
}
