#include "sim/external/buffers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <csignal>
#include <cstring>

namespace quatrain::sim::external {
namespace {

constexpr std::uint64_t alignment = 64;

std::uint64_t whole_grains(std::uint64_t bytes) { return (bytes + grain - 1) / grain * grain; }

/// Eight bytes of poison.
std::uint64_t poison_word(std::uint64_t number, Turn turn) {
  const std::uint64_t word = number * 0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03;
  switch (turn) {
    case Turn::first:
      return word;
    case Turn::second:
      return ~word;
  }
  return word;
}

std::string_view name_of_slot(Slot slot) {
  switch (slot) {
    case Slot::left:
      return "left operand";
    case Slot::right:
      return "right operand";
    case Slot::source:
      return "source";
    case Slot::accumulators:
      return "accumulators";
    case Slot::output:
      return "output";
    case Slot::codes:
      return "codes";
    case Slot::text:
      return "text";
  }
  return {};
}

std::string_view verb_of(Access access) {
  switch (access) {
    case Access::unknown:
      return "reached";
    case Access::read:
      return "read";
    case Access::write:
      return "wrote";
  }
  return {};
}

/// `memory`: a whole mapping.
void fill_with_poison(std::span<std::uint8_t> memory, Turn turn) {
  for (std::size_t i = 0; i < memory.size(); i += 8) {
    const std::uint64_t word = poison_word(i / 8, turn);
    std::memcpy(&memory[i], &word, 8);
  }
}

/// The first and the last byte of [begin, end) that is not poison any more.
struct Touched {
  std::uint64_t first, last;
};

std::optional<Touched> touched(std::span<const std::uint8_t> mapping, std::uint64_t begin, std::uint64_t end,
                               Turn turn) {
  std::optional<Touched> found;
  for (std::uint64_t i = begin; i < end; ++i) {
    if (i % 8 == 0 && i + 8 <= end) {  // most words are whole
      std::uint64_t word = 0;
      std::memcpy(&word, &mapping[i], 8);
      if (word == poison_word(i / 8, turn)) {
        i += 7;
        continue;
      }
    }
    if (mapping[i] != poison_at(i, turn)) found = found ? Touched{found->first, i} : Touched{i, i};
  }
  return found;
}

}  // namespace

std::uint8_t poison_at(std::uint64_t offset, Turn turn) {
  return static_cast<std::uint8_t>(poison_word(offset / 8, turn) >> (8 * (offset % 8)));
}

void Buffers::add(Slot slot, std::uint64_t bytes, unsigned sample) {
  assert(regions_.size() < most_regions);
  Region region{.slot = slot, .sample = sample, .data_bytes = bytes};
  if (is_operand(slot)) {
    region.mapped_bytes = std::max(grain, whole_grains(bytes));
    region.data_offset = (region.mapped_bytes - bytes) / alignment * alignment;
    region.file_offset = operand_bytes_;
    operand_bytes_ += region.mapped_bytes;
  } else {
    region.data_offset = result_offset;
    region.mapped_bytes = grain + whole_grains(bytes) + grain;
    region.file_offset = result_bytes_;
    result_bytes_ += region.mapped_bytes;
  }
  regions_.push_back(region);
}

void Buffers::put_into(Request& request) const {
  request.region_count = regions_.size();
  std::copy(regions_.begin(), regions_.end(), request.regions.begin());
}

void Buffers::reserve_in(SharedMemory& operands, SharedMemory& results) {
  operands_ = operands.reserve(operand_bytes_);
  results_ = results.reserve(result_bytes_);
}

void Buffers::poison(Turn turn) {
  for (const Region& region : regions_) fill_with_poison(mapping(region), turn);
}

std::span<std::uint8_t> Buffers::mapping(const Region& region) const {
  return (is_operand(region.slot) ? operands_ : results_).subspan(region.file_offset, region.mapped_bytes);
}

std::span<std::uint8_t> Buffers::data(Slot slot, unsigned sample) const {
  for (const Region& region : regions_)
    if (region.slot == slot && region.sample == sample)
      return mapping(region).subspan(region.data_offset, region.data_bytes);
  return {};
}

std::string Buffers::name_of(const Region& region) const {
  const auto samples = std::count_if(regions_.begin(), regions_.end(),
                                     [](const Region& one) { return one.slot == Slot::right; });
  if (region.slot == Slot::right && samples > 1)
    return fmt::format("right operand's sample {}", region.sample);
  return std::string(name_of_slot(region.slot));
}

std::optional<std::string> Buffers::trespass(Turn turn) const {
  std::string text;
  for (const Region& region : regions_) {
    if (is_operand(region.slot)) continue;  // nobody can write there
    const auto memory = mapping(region);
    const std::uint64_t begin = region.data_offset, end = begin + region.data_bytes;
    if (const auto before = touched(memory, 0, begin, turn))
      text +=
          fmt::format("{}wrote before the beginning of the {}: {} to {} bytes before it",
                      text.empty() ? "" : "; ", name_of(region), begin - before->last, begin - before->first);
    if (const auto behind = touched(memory, end, memory.size(), turn))
      text += fmt::format("{}wrote behind the end of the {}: bytes {} to {} of {}", text.empty() ? "" : "; ",
                          name_of(region), behind->first - begin, behind->last - begin, region.data_bytes);
  }
  if (text.empty()) return std::nullopt;
  return text;
}

std::string Buffers::place_of_fault(const Notes& notes) const {
  if (notes.fault_signal != SIGSEGV && notes.fault_signal != SIGBUS) return {};
  const std::string_view verb = verb_of(notes.access);
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    const Region& region = regions_[i];
    const std::uint64_t mapped = notes.mapped_at[i];
    if (notes.fault_address < mapped - guard || notes.fault_address >= mapped + region.mapped_bytes + guard)
      continue;
    const auto byte = static_cast<std::int64_t>(notes.fault_address - (mapped + region.data_offset));
    if (byte < 0)
      return fmt::format("{} {} bytes before the beginning of the {}", verb, -byte, name_of(region));
    if (byte < static_cast<std::int64_t>(region.data_bytes))
      return fmt::format("{} byte {} of the {}, which is read-only", verb, byte, name_of(region));
    return fmt::format("{} behind the end of the {}: byte {} of {}", verb, name_of(region), byte,
                       region.data_bytes);
  }
  if (notes.fault_address < grain && notes.access != Access::unknown)
    return fmt::format("{} address {:#x}, a null pointer", verb, notes.fault_address);
  return fmt::format("{} address {:#x}", verb, notes.fault_address);
}

}  // namespace quatrain::sim::external
