#include "sim/accelerator/memory/block_visits.hpp"

#include "sim/accelerator/cycles.hpp"

#include <algorithm>

namespace quatrain::sim {
namespace {

using rtl_models::BlockVisit;
using rtl_models::KRange;

std::uint64_t results_of(const BlockVisit& visit) { return visit.m.count() * visit.n.count(); }

constexpr std::uint64_t sum_bytes = 4;

}  // namespace

KRange BlockVisits::Loop::range() const { return {at * block, std::min((at + 1) * block, size)}; }

BlockVisits::BlockVisits(BlockTraffic& traffic, const Mapping& mapping)
    : traffic_(traffic), mapping_(mapping), held_(traffic.held(mapping.blocks.value())) {
  const Blocks& blocks = mapping.blocks.value();
  const Trips trips = trips_of(blocks, mapping.size);
  m_ = {mapping.m(), blocks.m, trips.m};
  n_ = {mapping.n(), blocks.n, trips.n};
  k_ = {static_cast<std::uint64_t>(mapping.size.k), blocks.k, trips.k};
  std::size_t loop = 0;
  for (const char axis : name_of(blocks.order))
    if (axis != ' ') order_.at(loop++) = axis == 'm' ? &m_ : axis == 'n' ? &n_ : &k_;
  is_one_stream_ = trips.k > 1 && mapping.passes() == 1;
}

bool BlockVisits::next(BlockVisit& visit) {
  if (group_ == mapping_.groups()) return false;
  visit = {.number = number_++,
           .group = static_cast<std::uint32_t>(group_),
           .m = m_.range(),
           .n = n_.range(),
           .k = k_.range(),
           .whole_left = held_.left,
           .whole_right = held_.right,
           .all_results = held_.results};
  load(visit);
  visit.cycles = cycles(visit);
  const Place result{m_.at, n_.at};
  const bool is_complete = k_.is_last(), goes_on = step(), leaves = !goes_on || result != Place{m_.at, n_.at};
  if (is_complete)
    visit.stored_bytes = traffic_.result_bytes(results_of(visit));
  else if (leaves && !held_.results)
    visit.stored_bytes = sum_bytes * results_of(visit);
  comes_back_ = leaves && goes_on && !held_.results;
  if (!goes_on) {
    ++group_;
    left_ = right_ = std::nullopt;
  }
  return true;
}

std::uint64_t BlockVisits::skip_alike() {
  const auto innermost =
      std::ranges::find_if(order_.rbegin(), order_.rend(), [](const Loop* loop) { return loop->trips > 1; });
  if (innermost == order_.rend()) return 0;
  Loop& loop = **innermost;
  const bool left_changes = &loop != &n_ && !held_.left;
  if (loop.at < 2 || loop.is_last() || (left_changes && !traffic_.left_is_plain())) return 0;
  const std::uint64_t skipped = loop.trips - 1 - loop.at;
  loop.at = loop.trips - 2;  // the last of them stands in the buffers
  left_ = {m_.at, k_.at};
  right_ = {n_.at, k_.at};
  ++loop.at;
  number_ += skipped;
  return skipped;
}

void BlockVisits::load(BlockVisit& visit) {
  if (held_.left ? !left_ : left_ != Place{m_.at, k_.at})
    visit.left_bytes =
        held_.left ? traffic_.left_bytes() : traffic_.left_bytes(*mapping_.blocks, m_.at, k_.at);
  if (held_.right ? !right_ : right_ != Place{n_.at, k_.at})
    visit.right_bytes = traffic_.right_bytes(held_.right ? mapping_.n() : visit.n.count(),
                                             held_.right ? k_.size : visit.k.count());
  if (comes_back_ && k_.at > 0) visit.sum_bytes = sum_bytes * results_of(visit);
  left_ = {m_.at, k_.at};
  right_ = {n_.at, k_.at};
}

/// Those of the block's tiles. Where the stream of a tile runs on into the next block, it drains with the
/// last.
std::uint64_t BlockVisits::cycles(const BlockVisit& visit) const {
  if (is_one_stream_ && !k_.is_last()) return visit.k.count();
  const auto size = [](const KRange& range) { return static_cast<std::int64_t>(range.count()); };
  Mapping of_block{mapping_.size, mapping_.samples, mapping_.array, {}};
  of_block.size.m = size(visit.m), of_block.size.n = size(visit.n), of_block.size.k = size(visit.k);
  of_block.size.groups = 1;
  return cycles_of(of_block);
}

/// False after the last block of the group; all loops are at their beginning then.
bool BlockVisits::step() {
  for (std::size_t loop = order_.size(); loop-- > 0;) {
    if (!order_.at(loop)->is_last()) {
      ++order_.at(loop)->at;
      return true;
    }
    order_.at(loop)->at = 0;
  }
  return false;
}

}  // namespace quatrain::sim
