#include "tests/kernels/variants.hpp"

#include "kernels/device_backend.cuh"
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

}  // namespace

std::vector<Variant> make_order_variants(base::ThreadPool& pool) {
  std::vector<Variant> variants;
  const std::vector<std::pair<std::string, SimtOptions>> orders{
      {"first_to_last", {ThreadOrder::first_to_last, 1}},
      {"last_to_first", {ThreadOrder::last_to_first, 1}},
      {"shuffled 1", {ThreadOrder::shuffled, 1}},
      {"shuffled 2", {ThreadOrder::shuffled, 2}},
      {"warps_interleaved", {ThreadOrder::warps_interleaved, 1}}};
  for (const auto& [name, options] : orders) {
    add<kernels::simt::NaiveRung>(variants, "naive, " + name, {}, pool, options);
    add<kernels::simt::TiledRung<kernels::simt::DefaultTile>>(variants, "tiled, " + name, {}, pool, options);
  }
  return variants;
}

std::vector<Variant> make_shape_variants(base::ThreadPool& pool) {
  using Small = kernels::simt::Tile<16, 16, 32, 2, 4>;
  using Wide = kernels::simt::Tile<32, 64, 16, 4, 8>;
  const std::vector<std::pair<std::string, LaunchShape>> shapes{{"32 threads, k whole", {32, 1, 1}},
                                                                {"64 threads, k in 3", {64, 3, 3}},
                                                                {"1024 threads, k in 50", {1024, 7, 50}}};
  std::vector<Variant> variants;
  for (const auto& [name, cut] : shapes) {
    add<kernels::simt::NaiveRung>(variants, "naive, " + name, cut, pool, {});
    add<kernels::simt::TiledRung<kernels::simt::DefaultTile>>(variants, "tiled, " + name, cut, pool, {});
    add<kernels::simt::TiledRung<Small>>(variants, "small tiles, " + name, cut, pool, {});
    add<kernels::simt::TiledRung<Wide>>(variants, "wide tiles, " + name, cut, pool, {});
  }
  return variants;
}

}  // namespace quatrain::tests
