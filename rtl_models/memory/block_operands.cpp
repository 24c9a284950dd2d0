#include "rtl_models/memory/block_operands.hpp"

#include "traces/encoding/nibbles.hpp"

#include <algorithm>
#include <cassert>

namespace quatrain::rtl_models {
namespace {

constexpr std::int32_t nothing_yet = 0x5A5A5A5A;  // an accumulator that is read before it is written
constexpr std::uint8_t nothing_loaded = 0xEE;

std::uint8_t nibble(std::span<const std::uint8_t> packed, std::size_t index) {
  return static_cast<std::uint8_t>(index % 2 == 0 ? packed[index / 2] & 0xF : packed[index / 2] >> 4);
}

constexpr std::int64_t signed_of(std::uint64_t value) { return static_cast<std::int64_t>(value); }

}  // namespace

BlockOperands::BlockOperands(const traces::Gemm& gemm, const traces::Operand& left,
                             std::span<const traces::Operand> right, std::span<const BlockVisit> blocks,
                             unsigned places, std::uint64_t alignment)
    : gemm_(gemm),
      size_(traces::gemm_size(gemm.phase, gemm.geometry)),
      left_address_(gemm),
      right_address_(gemm),
      left_codes_(traces::unpack_nibbles(
          left.codes, static_cast<std::size_t>(traces::left_elements(gemm.phase, gemm.geometry)))),
      places_(places),
      alignment_(alignment) {
  traces::check_operands(gemm, left, right);
  for (const traces::Operand& sample : right)
    right_codes_.push_back(traces::unpack_nibbles(
        sample.codes, static_cast<std::size_t>(traces::right_elements(gemm.phase, gemm.geometry))));
  const std::optional<PeMode> mode = pe_mode(left.encoding, right[0].encoding);
  assert(mode && "the caller asks a machine first");
  with_mode<DualInt4Fp4>(*mode, [&]<PeMode pe>() {
    for (std::int16_t a = 0; a < 16; ++a)
      for (std::int16_t b = 0; b < 16; ++b)
        products_[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)] = product<pe, std::int16_t>(a, b);
  });
  fetched_.resize(left_codes_.size());
  for (const BlockVisit& block : blocks) {
    if (block.left_bytes > 0 && !left_runs_.contains(left_key(block))) place_left(block);
    if (block.right_bytes > 0 && !right_runs_.contains(right_key(block))) place_right(block);
    if (!result_runs_.contains(result_key(block)))
      result_runs_[result_key(block)] = {reserve(4 * block.m.count() * block.n.count()), block.m, block.n};
  }
}

BlockOperands::Key BlockOperands::left_key(const BlockVisit& block) {
  return block.whole_left ? Key{block.group, 0, 0} : Key{block.group, block.m.first, block.k.first};
}

BlockOperands::Key BlockOperands::right_key(const BlockVisit& block) {
  return block.whole_right ? Key{block.group, 0, 0} : Key{block.group, block.n.first, block.k.first};
}

std::uint64_t BlockOperands::reserve(std::uint64_t bytes) {
  const std::uint64_t address = end_;
  end_ = (end_ + bytes + alignment_ - 1) / alignment_ * alignment_;
  return address;
}

std::int64_t BlockOperands::element(const BlockVisit& block, std::uint64_t m, std::uint64_t k) const {
  const std::uint64_t position = left_address_.rows_are_positions() ? m : k,
                      tap = left_address_.rows_are_positions() ? k : m;
  return left_address_.element(left_address_.position(block.group, signed_of(position)),
                               left_address_.tap(signed_of(tap)));
}

void BlockOperands::place_left(const BlockVisit& block) {
  LeftRun& run = left_runs_[left_key(block)];
  const KRange all_m{0, static_cast<std::uint64_t>(size_.m)}, all_k{0, static_cast<std::uint64_t>(size_.k)};
  const KRange m = block.whole_left ? all_m : block.m, k = block.whole_left ? all_k : block.k;
  for (std::uint64_t i = m.first; i < m.end; ++i)
    for (std::uint64_t t = k.first; t < k.end; ++t)
      if (const std::int64_t at = element(block, i, t); at >= 0) run.elements.push_back(at);
  std::ranges::sort(run.elements);
  run.elements.erase(std::ranges::unique(run.elements).begin(), run.elements.end());
  std::vector<std::uint8_t> codes;
  for (const std::int64_t at : run.elements) codes.push_back(left_codes_[static_cast<std::size_t>(at)]);
  run.image.bytes = traces::pack_nibbles(codes);
  run.image.address = reserve(run.image.bytes.size());
}

void BlockOperands::place_right(const BlockVisit& block) {
  const KRange all_n{0, static_cast<std::uint64_t>(size_.n)}, all_k{0, static_cast<std::uint64_t>(size_.k)};
  const KRange n = block.whole_right ? all_n : block.n, k = block.whole_right ? all_k : block.k;
  std::vector<std::uint8_t> codes;
  for (const auto& sample : right_codes_)
    for (std::uint64_t j = n.first; j < n.end; ++j)
      for (std::uint64_t t = k.first; t < k.end; ++t)
        codes.push_back(sample[static_cast<std::size_t>(right_address_.column(block.group, signed_of(j)) +
                                                        right_address_.offset(signed_of(t)))]);
  Image& image = right_runs_[right_key(block)];
  image.bytes = traces::pack_nibbles(codes);
  image.address = reserve(image.bytes.size());
}

std::vector<BlockOperands::Image> BlockOperands::images() const {
  std::vector<Image> all;
  for (const auto& [key, run] : left_runs_) all.push_back(run.image);
  for (const auto& [key, image] : right_runs_) all.push_back(image);
  return all;
}

std::vector<std::int32_t> BlockOperands::accumulators(
    const std::function<void(std::uint64_t, std::span<std::uint8_t>)>& read) const {
  const ResultAddress address(gemm_);
  std::vector<std::int32_t> natural(
      static_cast<std::size_t>(traces::result_elements(gemm_.phase, gemm_.geometry)), nothing_yet);
  for (const auto& [key, run] : result_runs_) {
    std::vector<std::int32_t> words(run.m.count() * run.n.count());
    read(run.address, {reinterpret_cast<std::uint8_t*>(words.data()), words.size() * sizeof(std::int32_t)});
    std::size_t word = 0;
    for (std::uint64_t i = run.m.first; i < run.m.end; ++i)
      for (std::uint64_t j = run.n.first; j < run.n.end; ++j)
        natural[static_cast<std::size_t>(address.row(signed_of(i)) +
                                         address.column(std::get<0>(key), signed_of(j)))] = words[word++];
  }
  return natural;
}

/// A loaded operand goes to the next place; so do the results of another block, or of another group where all
/// fit.
void BlockOperands::begin(const BlockVisit& block) {
  const auto next = [&](unsigned place) { return (place + 1) % places_; };
  if (block.left_bytes > 0) last_.left = next(last_.left);
  if (block.right_bytes > 0) last_.right = next(last_.right);
  const Key held = block.all_results ? Key{block.group, 0, 0} : result_key(block);
  if (held != held_results_) {
    last_.results = next(last_.results);
    result_buffer_[last_.results].clear();
  }
  held_results_ = held;
  result_buffer_[last_.results].try_emplace(result_key(block), block.m.count() * block.n.count(),
                                            nothing_yet);
  in_flight(block) = last_;
}

BlockData::Run BlockOperands::left(const BlockVisit& block) {
  std::vector<std::uint8_t>& buffer = left_buffer_[in_flight(block).left];
  const Image& image = left_runs_.at(left_key(block)).image;
  buffer.assign(image.bytes.size(), nothing_loaded);
  return {image.address, buffer};
}

BlockData::Run BlockOperands::right(const BlockVisit& block) {
  std::vector<std::uint8_t>& buffer = right_buffer_[in_flight(block).right];
  const Image& image = right_runs_.at(right_key(block));
  buffer.assign(image.bytes.size(), nothing_loaded);
  return {image.address, buffer};
}

BlockData::Run BlockOperands::results(const BlockVisit& block) {
  std::vector<std::int32_t>& words = result_buffer_[in_flight(block).results].at(result_key(block));
  return {result_runs_.at(result_key(block)).address,
          {reinterpret_cast<std::uint8_t*>(words.data()), words.size() * sizeof(std::int32_t)}};
}

BlockData::Run BlockOperands::sums(const BlockVisit& block) { return results(block); }
BlockData::Run BlockOperands::stored(const BlockVisit& block) { return results(block); }

/// The codes of the block's left elements, from its buffer. A block that lies in the padding has none.
void BlockOperands::fetch_left(const BlockVisit& block) {
  const std::vector<std::uint8_t>& buffer = left_buffer_[in_flight(block).left];
  const auto run = left_runs_.find(left_key(block));
  if (run == left_runs_.end()) return;
  const std::vector<std::int64_t>& elements = run->second.elements;
  for (std::size_t i = 0; i < elements.size(); ++i)
    fetched_[static_cast<std::size_t>(elements[i])] = nibble(buffer, i);
}

void BlockOperands::compute(const BlockVisit& block) {
  fetch_left(block);
  const std::vector<std::uint8_t>& right = right_buffer_[in_flight(block).right];
  const KRange held_n = block.whole_right ? KRange{0, static_cast<std::uint64_t>(size_.n)} : block.n,
               held_k = block.whole_right ? KRange{0, static_cast<std::uint64_t>(size_.k)} : block.k;
  std::vector<std::int32_t>& words = result_buffer_[in_flight(block).results].at(result_key(block));
  std::vector<std::uint8_t> row(block.k.count());
  std::size_t word = 0;
  for (std::uint64_t i = block.m.first; i < block.m.end; ++i) {
    for (std::uint64_t t = block.k.first; t < block.k.end; ++t) {
      const std::int64_t at = element(block, i, t);
      row[t - block.k.first] = at < 0 ? 0 : fetched_[static_cast<std::size_t>(at)];
    }
    for (std::uint64_t j = block.n.first; j < block.n.end; ++j, ++word) {
      std::int32_t sum = block.k.first == 0 ? 0 : words[word];
      for (std::size_t sample = 0; sample < right_codes_.size(); ++sample) {
        const std::uint64_t column =
            (sample * held_n.count() + j - held_n.first) * held_k.count() + block.k.first - held_k.first;
        for (std::uint64_t t = 0; t < row.size(); ++t) sum += products_[row[t]][nibble(right, column + t)];
      }
      words[word] = sum;
    }
  }
}

}  // namespace quatrain::rtl_models
