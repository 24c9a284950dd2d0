#include "simt/block_memory.hpp"

#include <cstring>
#include <functional>

namespace simt {
namespace {

constexpr std::size_t most_for_threads = 2048;  ///< bytes, compared whenever a thread is left
constexpr std::uint64_t most_for_blocks = std::uint64_t{1} << 26;  ///< bytes of all comparisons: milliseconds

/// body(offset) for every word of `one` that differs from `other`, which has the same size.
template <typename Body>
void for_different_words(const std::vector<std::byte>& one, const std::vector<std::byte>& other,
                         std::size_t word, const Body& body) {
  constexpr std::size_t stretch = 256;  // most of it is equal, and memcmp is fast on long pieces
  for (std::size_t begin = 0; begin < one.size(); begin += stretch) {
    const std::size_t end = std::min(one.size(), begin + stretch);
    if (std::memcmp(&one[begin], &other[begin], end - begin) == 0) continue;
    for (std::size_t at = begin; at < end; at += word)
      if (std::memcmp(&one[at], &other[at], word) != 0) body(at);
  }
}

/// The place in `to` of an address in `from`, or nullptr.
void* moved(void* address, std::span<std::byte> from, std::span<std::byte> to) {
  auto* const byte = static_cast<std::byte*>(address);
  const std::less<std::byte*> before;  // pointers into different objects have no other order
  if (before(byte, from.data()) || !before(byte, from.data() + from.size())) return nullptr;
  return to.data() + (byte - from.data());
}

}  // namespace

Isolation isolation_for(std::span<const WrittenMemory> written, std::uint64_t blocks) {
  std::uint64_t bytes = 0;
  for (const WrittenMemory& memory : written) bytes += memory.bytes.size();
  if (bytes <= most_for_threads) return Isolation::threads;
  return bytes <= most_for_blocks / blocks ? Isolation::blocks : Isolation::none;
}

StartOfLaunch start_of_launch(std::span<const WrittenMemory> written) {
  StartOfLaunch start;
  for (const WrittenMemory& memory : written) start.emplace_back(memory.bytes.begin(), memory.bytes.end());
  return start;
}

BlockMemory::BlockMemory(std::span<const WrittenMemory> written, const StartOfLaunch& start,
                         Isolation isolation, unsigned threads)
    : isolation_(isolation), stores_(threads) {
  if (isolation == Isolation::none) return;
  for (std::size_t i = 0; i < written.size(); ++i)
    parts_.push_back({written[i].bytes, &start[i], written[i].word, start[i], start[i]});
}

void* BlockMemory::viewed(void* address) {
  for (Part& part : parts_)
    if (void* view = moved(address, part.real, part.view)) return view;
  return address;
}

void* BlockMemory::real(void* address) {
  for (Part& part : parts_)
    if (void* real = moved(address, part.view, part.real)) return real;
  return address;
}

void BlockMemory::resume(unsigned thread) {
  for (const Store& store : stores_[thread])
    std::memcpy(&parts_[store.part].view[store.offset], store.word.data(), store.word.size());
}

void BlockMemory::suspend(unsigned thread) {
  if (isolation_ != Isolation::threads) return;
  stores_[thread].clear();
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    Part& part = parts_[i];
    for_different_words(part.view, part.block, part.word, [&](std::size_t at) {
      const auto word = part.view.begin() + static_cast<std::ptrdiff_t>(at);
      stores_[thread].push_back({i, at, {word, word + static_cast<std::ptrdiff_t>(part.word)}});
      std::memcpy(&part.view[at], &part.block[at], part.word);
    });
  }
  if (!stores_[thread].empty()) storing_.push_back(thread);
}

void BlockMemory::pass_barrier() {
  for (const unsigned thread : storing_) {
    for (const Store& store : stores_[thread]) {
      Part& part = parts_[store.part];
      std::memcpy(&part.block[store.offset], store.word.data(), store.word.size());
      std::memcpy(&part.view[store.offset], store.word.data(), store.word.size());
    }
    stores_[thread].clear();
  }
  storing_.clear();
}

void BlockMemory::end_block() {
  pass_barrier();
  for (Part& part : parts_)
    for_different_words(part.view, *part.start, part.word, [&](std::size_t at) {
      std::memcpy(&part.real[at], &part.view[at], part.word);
      std::memcpy(&part.view[at], &(*part.start)[at], part.word);
      std::memcpy(&part.block[at], &(*part.start)[at], part.word);
    });
}

}  // namespace simt
