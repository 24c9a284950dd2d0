#include "tests/kernels/variants.hpp"

#include "kernels/device_backend.cuh"
#include "kernels/gemm/rungs.cuh"
#include "kernels/kernel_machine.hpp"

namespace quatrain::tests {
namespace {

using kernels::LaunchShape;
using SimtOptions = ::simt::Options;
using ::simt::ThreadOrder;

template <typename Rung>
void add(std::vector<Variant>& variants, std::string name, const LaunchShape& cut, base::ThreadPool& pool,
         const SimtOptions& options) {
  auto backend = std::make_unique<kernels::simt::DeviceBackend<Rung>>(cut, pool, options);
  auto machine = std::make_unique<kernels::KernelMachine>(name, std::move(backend));
  variants.push_back({std::move(name), std::move(machine)});
}

/// Every rung of the ladder.
void add_ladder(std::vector<Variant>& variants, const std::string& name, const LaunchShape& cut,
                base::ThreadPool& pool, const SimtOptions& options) {
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    (add<std::tuple_element_t<i, kernels::simt::Ladder>>(
         variants, fmt::format("{}, {}", kernels::ladder[i].name, name), cut, pool, options),
     ...);
  }
  (std::make_index_sequence<std::size(kernels::ladder)>{});
}

}  // namespace

std::vector<Variant> make_order_variants(base::ThreadPool& pool) {
  std::vector<Variant> variants;
  const std::vector<std::pair<std::string, SimtOptions>> orders{
      {"first_to_last", {ThreadOrder::first_to_last, 1}},
      {"last_to_first", {ThreadOrder::last_to_first, 1}},
      {"shuffled", {ThreadOrder::shuffled, 1}},
      {"warps_interleaved", {ThreadOrder::warps_interleaved, 1}}};
  for (const auto& [name, options] : orders) add_ladder(variants, name, {}, pool, options);
  return variants;
}

std::vector<Variant> make_shape_variants(base::ThreadPool& pool) {
  namespace simt = kernels::simt;
  using Small = simt::Tile<16, 16, 32, 2, 4>;
  using Wide = simt::Tile<32, 64, 16, 4, 8>;
  using SmallMma = simt::MmaTile<16, 8, 32, 16, 8>;
  using WideMma = simt::MmaTile<32, 64, 128, 16, 16>;
  const std::vector<std::pair<std::string, LaunchShape>> shapes{{"32 threads, k whole", {32, 1, 1}},
                                                                {"64 threads, k in 3", {64, 3, 3}},
                                                                {"1024 threads, k in 50", {1024, 7, 50}}};
  std::vector<Variant> variants;
  for (const auto& [name, cut] : shapes) add_ladder(variants, name, cut, pool, {});
  const LaunchShape few = shapes[1].second, many = shapes[2].second;
  add<simt::TiledRung<Small>>(variants, "tiled, small tiles", few, pool, {});
  add<simt::TiledRung<Wide>>(variants, "tiled, wide tiles", many, pool, {});
  add<simt::OctetRung<Small>>(variants, "octets, small tiles", few, pool, {});
  add<simt::OctetRung<Wide>>(variants, "octets, wide tiles", many, pool, {});
  add<simt::MmaRung<SmallMma>>(variants, "mma, small tiles", few, pool, {});
  add<simt::MmaRung<WideMma>>(variants, "mma, wide tiles", many, pool, {});
  add<simt::AsyncRung<SmallMma, 1 << 12>>(variants, "async, short stretches", few, pool, {});
  add<simt::AsyncRung<WideMma, 1 << 28>>(variants, "async, wide tiles", many, pool, {});
  return variants;
}

}  // namespace quatrain::tests
