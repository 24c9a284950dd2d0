#include "sim/accelerator/mapping/block_traffic.hpp"

#include "sim/accelerator/ceil_div.hpp"
#include "sim/accelerator/checked.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace quatrain::sim {
namespace {

constexpr std::uint64_t word_bits = 32;  ///< of an accumulator

/// For each number of blocks that multiples of `unit` can give, the smallest such block; all of `size` first.
std::vector<std::uint64_t> block_sizes(std::uint64_t size, std::uint64_t unit) {
  std::vector<std::uint64_t> sizes = {size};
  const std::uint64_t units = ceil_div(size, unit);
  for (std::uint64_t blocks = 2; blocks <= units;) {
    const std::uint64_t block = ceil_div(units, blocks);
    sizes.push_back(block * unit);
    if (block == 1) break;
    blocks = ceil_div(units, block - 1);  // the next number of blocks that needs a smaller one
  }
  return sizes;
}

std::string kib(std::uint64_t bits) { return fmt::format("{:g} KiB", static_cast<double>(bits) / 8192); }

}  // namespace

BlockTraffic::BlockTraffic(const traces::Gemm& gemm, const Mapping& mapping, const OperandBuffers& buffers)
    : mapping_(mapping),
      buffers_(buffers),
      left_(gemm),
      whole_left_(left_.whole()),
      k_(static_cast<std::uint64_t>(mapping.size.k)),
      right_bits_(checked_product(mapping.n(), mapping.stream_length(), std::uint64_t{buffers.element_bits})),
      results_(checked_product(mapping.m(), mapping.n())),
      sum_bits_(checked_product(results_, word_bits)) {}

BlockTraffic::Held BlockTraffic::held(const Blocks& blocks) {
  if (buffers_.unified_bits > 0) {
    const unsigned fitting = unified_choices(blocks);
    const std::uint64_t left = left_.blocks(blocks.m, blocks.k).all;
    Held best;
    std::uint64_t least = UINT64_MAX;
    for (unsigned number = 0; number < choices; ++number) {
      if ((fitting >> number & 1) == 0) continue;
      const std::uint64_t bits = moved(blocks, choice(number), left).all();
      if (bits < least) best = choice(number), least = bits;
    }
    return best;
  }
  return {left_bits(whole_left_) <= buffers_.half_bits, right_bits_ <= buffers_.half_bits,
          sum_bits_ <= buffers_.accumulator_bits};
}

BlockTraffic::Needed BlockTraffic::needed(const Blocks& blocks) {
  const std::uint64_t n = std::min(blocks.n, mapping_.n());
  return {left_bits(left_.blocks(blocks.m, blocks.k).largest),
          n * std::min(blocks.k, k_) * mapping_.samples * buffers_.element_bits,
          std::min(blocks.m, mapping_.m()) * n * word_bits};
}

unsigned BlockTraffic::unified_choices(const Blocks& blocks) {
  const Needed block = needed(blocks);
  unsigned fitting = 0;
  for (unsigned number = 0; number < choices; ++number) {
    const Held held = choice(number);
    const Needed all{held.left ? left_bits(whole_left_) : block.left, held.right ? right_bits_ : block.right,
                     held.results ? sum_bits_ : block.sums};
    if (all.all() <= buffers_.unified_bits) fitting |= 1U << number;
  }
  return fitting;
}

BlockTraffic::Moved BlockTraffic::moved(const Blocks& blocks, const Held& held,
                                        std::uint64_t left_elements) const {
  const Trips loops = trips(blocks);
  Moved bits{left_bits(whole_left_), right_bits_, 0};
  if (!held.left) bits.left = checked_product(left_bits(left_elements), visits(blocks.order, loops, 'n'));
  if (!held.right) bits.right = checked_product(right_bits_, visits(blocks.order, loops, 'm'));
  if (!held.results) bits.sums = checked_product(2, sum_bits_, visits(blocks.order, loops, 'k') - 1);
  return bits;
}

bool BlockTraffic::fits(const Blocks& blocks) {
  if (buffers_.unified_bits > 0) return unified_choices(blocks) != 0;
  return accumulators_fit(blocks) && left_fits(blocks) && right_fits(blocks);
}

std::uint64_t BlockTraffic::left_bytes() const { return bytes_for(left_bits(whole_left_)); }

std::uint64_t BlockTraffic::left_bytes(const Blocks& blocks, std::uint64_t m_index, std::uint64_t k_index) {
  return bytes_for(left_bits(left_.block(blocks.m, blocks.k, m_index, k_index)));
}

std::uint64_t BlockTraffic::right_bytes(std::uint64_t n, std::uint64_t k) const {
  return bytes_for(n * k * mapping_.samples * buffers_.element_bits);
}

std::uint64_t BlockTraffic::result_bytes(std::uint64_t results) const {
  return checked_product(results, std::uint64_t{buffers_.result_bytes});
}

Trips BlockTraffic::trips(const Blocks& blocks) const { return trips_of(blocks, mapping_.size); }

bool BlockTraffic::left_fits(const Blocks& blocks) {
  return left_bits(whole_left_) <= buffers_.half_bits ||
         left_bits(left_.blocks(blocks.m, blocks.k).largest) <= buffers_.half_bits;
}

bool BlockTraffic::right_fits(const Blocks& blocks) const {
  return right_bits_ <= buffers_.half_bits || std::min(blocks.n, mapping_.n()) * std::min(blocks.k, k_) *
                                                      mapping_.samples * buffers_.element_bits <=
                                                  buffers_.half_bits;
}

bool BlockTraffic::accumulators_fit(const Blocks& blocks) const {
  return std::min(blocks.m, mapping_.m()) * std::min(blocks.n, mapping_.n()) * word_bits <=
         buffers_.accumulator_bits;
}

std::optional<std::string> BlockTraffic::refuses(const Blocks& blocks) {
  const std::uint64_t m = std::min(blocks.m, mapping_.m()), n = std::min(blocks.n, mapping_.n()),
                      k = std::min(blocks.k, k_);
  const bool is_double = buffers_.places == 2;
  if (buffers_.unified_bits > 0) {
    if (unified_choices(blocks) != 0) return std::nullopt;
    return fmt::format(
        "/mapping: blocks of {} x {} x {} need {}; expected at most {}, {}/buffers/operand_kib and "
        "accumulator_kib "
        "together{}",
        m, n, k, kib(needed(blocks).all()), kib(buffers_.unified_bits), is_double ? "half of " : "",
        is_double ? " (double buffering)" : "");
  }
  const std::string_view share = is_double ? "a quarter" : "half",
                         why = is_double ? " (double buffering)" : "";
  if (!accumulators_fit(blocks))
    return fmt::format(
        "/mapping/m: {} x {} results need {}; expected at most {}, {}/buffers/accumulator_kib{}", m, n,
        kib(m * n * word_bits), kib(buffers_.accumulator_bits), is_double ? "half of " : "", why);
  if (!left_fits(blocks))
    return fmt::format(
        "/mapping/k: a left block of {} x {} needs {}; expected at most {}, {} of /buffers/operand_kib{}", m,
        k, kib(left_bits(left_.blocks(blocks.m, blocks.k).largest)), kib(buffers_.half_bits), share, why);
  if (!right_fits(blocks))
    return fmt::format(
        "/mapping/k: a right block of {} x {}{} needs {}; expected at most {}, {} of /buffers/operand_kib{}",
        k, n, mapping_.samples > 1 ? fmt::format(" x {} samples", mapping_.samples) : "",
        kib(k * n * mapping_.samples * buffers_.element_bits), kib(buffers_.half_bits), share, why);
  return std::nullopt;
}

Traffic BlockTraffic::traffic(const Blocks& blocks) {
  const Held stays = held(blocks);
  const Moved bits = moved(blocks, stays, stays.left ? whole_left_ : left_.blocks(blocks.m, blocks.k).all);
  const std::uint64_t groups = mapping_.groups();
  return {bytes_for(checked_product(groups, bits.left)), bytes_for(checked_product(groups, bits.right)),
          checked_product(groups, result_bytes(results_)), 0, checked_product(groups, bits.sums / 8)};
}

Traffic BlockTraffic::compulsory() {
  const std::uint64_t groups = mapping_.groups();
  return {bytes_for(checked_product(groups, left_bits(whole_left_))),
          bytes_for(checked_product(groups, right_bits_)), checked_product(groups, result_bytes(results_)), 0,
          0};
}

BlockTraffic::Sizes BlockTraffic::sizes() const {
  const std::uint64_t k_unit =
      !left_.is_plain() && left_.k_runs_over_channels() ? left_.k_per_channel() : mapping_.array.rows;
  return {block_sizes(mapping_.m(), mapping_.array.rows), block_sizes(mapping_.n(), mapping_.array.columns),
          block_sizes(k_, k_unit)};
}

/// The more blocks of k, the more may stay as a whole: a k that lets nothing else stay than a larger one is
/// left out.
std::optional<Blocks> BlockTraffic::least_bytes_unified() {
  const auto [m_sizes, n_sizes, k_sizes] = sizes();
  const bool one_k_is_enough = left_.is_plain() || left_.k_runs_over_channels();
  std::optional<Blocks> best;
  std::pair<std::uint64_t, std::uint64_t> least{UINT64_MAX, UINT64_MAX};  // bits, passes
  Mapping mapped = mapping_;
  for (const std::uint64_t m : m_sizes)
    for (const std::uint64_t n : n_sizes) {
      if (std::min(m, mapping_.m()) * std::min(n, mapping_.n()) * word_bits > buffers_.unified_bits) continue;
      unsigned tried = 0;
      for (const std::uint64_t k : k_sizes) {
        Blocks blocks{LoopOrder::m_n_k, m, n, k};
        const unsigned fitting = unified_choices(blocks);
        if (fitting == 0 || (one_k_is_enough && fitting == tried)) continue;
        tried = fitting;
        const std::uint64_t left_elements = left_.blocks(m, k).all;
        for (const LoopOrder order : all_loop_orders) {
          blocks.order = order;
          mapped.blocks = blocks;
          for (unsigned number = 0; number < choices; ++number) {
            if ((fitting >> number & 1) == 0) continue;
            const std::uint64_t bits = moved(blocks, choice(number), left_elements).all();
            if (bits > least.first) continue;
            if (const std::pair found{bits, mapped.passes()}; found < least) {
              least = found;
              best = blocks;
            }
          }
        }
      }
    }
  return best;
}

std::optional<Blocks> BlockTraffic::least_bytes() {
  if (buffers_.unified_bits > 0) return least_bytes_unified();
  const bool has_windows = !left_.is_plain();
  const auto [m_sizes, n_sizes, k_sizes] = sizes();
  // Fewer blocks of k never move more, unless they cut the windows of positions differently.
  const bool one_k_is_enough = !has_windows || left_.k_runs_over_channels();
  const bool left_stays = left_bits(whole_left_) <= buffers_.half_bits,
             right_stays = right_bits_ <= buffers_.half_bits,
             results_stay = sum_bits_ <= buffers_.accumulator_bits;
  std::optional<Blocks> best;
  std::pair<std::uint64_t, std::uint64_t> least{UINT64_MAX, UINT64_MAX};  // bits, passes
  for (const std::uint64_t m : m_sizes)
    for (const std::uint64_t n : n_sizes) {
      if (!accumulators_fit({LoopOrder::m_n_k, m, n, 1})) continue;
      for (const std::uint64_t k : k_sizes) {
        Blocks blocks{LoopOrder::m_n_k, m, n, k};
        if (!right_fits(blocks)) continue;
        const Trips loops = trips(blocks);
        const auto cost = [&](LoopOrder order, std::uint64_t left_elements) {
          blocks.order = order;
          const std::uint64_t left = left_bits(left_elements) * (left_stays ? 1 : visits(order, loops, 'n'));
          const std::uint64_t right = right_bits_ * (right_stays ? 1 : visits(order, loops, 'm'));
          const std::uint64_t comes_back = results_stay ? 0 : visits(order, loops, 'k') - 1;
          Mapping mapped = mapping_;
          mapped.blocks = blocks;
          return std::pair{left + right + 2 * comes_back * sum_bits_, mapped.passes()};
        };
        // The bound: no block reads fewer left elements than there are.
        const bool can_win = std::ranges::any_of(
            all_loop_orders, [&](LoopOrder order) { return cost(order, whole_left_) < least; });
        if (!can_win) {
          if (one_k_is_enough && left_fits(blocks)) break;
          continue;
        }
        if (!left_fits(blocks)) continue;
        const std::uint64_t left_elements = left_stays ? whole_left_ : left_.blocks(m, k).all;
        for (const LoopOrder order : all_loop_orders)
          if (const auto found = cost(order, left_elements); found < least) {
            least = found;
            best = blocks;
          }
        if (one_k_is_enough) break;
      }
    }
  return best;
}

}  // namespace quatrain::sim
