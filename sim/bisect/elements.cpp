#include "sim/bisect/elements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace quatrain::sim::bisect {
namespace {

std::size_t size_of(traces::StoredType type) { return type == traces::StoredType::u8 ? 1 : 4; }

std::string value_text(traces::StoredType type, std::span<const std::uint8_t> bytes) {
  if (type == traces::StoredType::u8) return fmt::format("code {:x}", bytes.front());
  std::uint32_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  if (type == traces::StoredType::i32) return fmt::format("{}", static_cast<std::int32_t>(word));
  return fmt::format("{} ({:08x})", std::bit_cast<float>(word), word);
}

/// "[2, 0, 1]" of the element with this number.
std::string place_text(const traces::Shape& shape, std::uint64_t number) {
  traces::Shape place(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    const auto size = static_cast<std::uint64_t>(shape[axis]);
    place[axis] = static_cast<std::int64_t>(number % size);
    number /= size;
  }
  return traces::text_of(place);
}

}  // namespace

std::optional<std::string> first_element(traces::StoredType type, const traces::Shape& shape,
                                         std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  const std::size_t size = size_of(type), count = std::min(a.size(), b.size()) / size;
  std::optional<std::size_t> first;
  std::uint64_t differ = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (std::ranges::equal(a.subspan(i * size, size), b.subspan(i * size, size))) continue;
    ++differ;
    if (!first) first = i;
  }
  if (!first) return std::nullopt;
  return fmt::format("element {} of {} (number {}): {} in A, {} in B; {} of {} elements differ",
                     place_text(shape, *first), traces::text_of(shape), *first,
                     value_text(type, a.subspan(*first * size, size)),
                     value_text(type, b.subspan(*first * size, size)), differ, count);
}

}  // namespace quatrain::sim::bisect
