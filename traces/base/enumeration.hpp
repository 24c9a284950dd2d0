#pragma once
/// Enumerations that know their words. Each has `constexpr std::string_view name_of(E)` beside it: a switch
/// over all enumerators without a default, so that a new one does not compile before it has a word, and ""
/// behind it for a value that is none. The enumerators count from 0; what the switch says is all that is
/// written down.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace quatrain::base {

template <typename Enumeration>
constexpr std::size_t count_of() {
  std::size_t count = 0;
  while (!name_of(static_cast<Enumeration>(count)).empty()) ++count;
  return count;
}

/// The words in the order of the enumerators.
template <typename Enumeration>
inline constexpr auto words_of = [] {
  std::array<std::string_view, count_of<Enumeration>()> words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = name_of(static_cast<Enumeration>(i));
  return words;
}();

/// All enumerators, in order.
template <typename Enumeration>
inline constexpr auto all_of = [] {
  std::array<Enumeration, count_of<Enumeration>()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Enumeration>(i);
  return all;
}();

/// The enumerator of a word; nullopt for an unknown one.
template <typename Enumeration>
constexpr std::optional<Enumeration> named(std::string_view word) {
  for (const Enumeration one : all_of<Enumeration>)
    if (name_of(one) == word) return one;
  return std::nullopt;
}

}  // namespace quatrain::base
