#pragma once
/// A kind of PE as tables, for arrays that step many PEs at a time: its products and operands, worked out by
/// the text of the kind for every pair of codes. One loop serves all kinds.

#include "rtl_models/pe/link.hpp"
#include "rtl_models/pe/operand.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace quatrain::rtl_models {

inline constexpr std::size_t all_codes = code_bits + 1;

/// What a link's code becomes in the registers of one side.
struct OperandTable {
  std::array<std::int32_t, all_codes> values{};  ///< as PeTable says
  std::array<std::uint16_t, all_codes> bits{};   ///< of the operand register
  bool bits_are_codes = true;
  Link zero_mask = 0;  ///< bits of a code that are all 0 exactly when its value is zero
};

/// Of one mode. The product of two codes is that of their `values`, or if it `looks_up`, products[left value
/// + right value].
struct PeTable {
  OperandTable left, right;
  bool looks_up = false;
  std::array<std::int32_t, all_codes * all_codes> products{};  ///< [left code][right code]
};

/// Code 1 has value 1 in every encoding: what it is multiplied with shows a value. A multiplier whose
/// products are not those of two values (a faulty one, or one that is approximate) is looked up.
inline void find_values(PeTable& table) {
  const auto product = [&](std::size_t a, std::size_t b) { return table.products[a * all_codes + b]; };
  for (std::size_t code = 0; code < all_codes; ++code) {
    table.left.values[code] = product(code, 1);
    table.right.values[code] = product(1, code);
  }
  for (std::size_t a = 0; a < all_codes; ++a)
    for (std::size_t b = 0; b < all_codes; ++b)
      if (product(a, b) != table.left.values[a] * table.right.values[b]) table.looks_up = true;
  if (!table.looks_up) return;
  for (std::size_t code = 0; code < all_codes; ++code) {
    table.left.values[code] = static_cast<std::int32_t>(code * all_codes);
    table.right.values[code] = static_cast<std::int32_t>(code);
  }
}

template <typename Kind>
OperandTable operand_table(traces::Encoding encoding) {
  OperandTable table;
  table.zero_mask = static_cast<Link>(code_zero_mask(encoding));
  for (std::size_t code = 0; code < all_codes; ++code) {
    table.bits[code] = static_cast<std::uint16_t>(operand_of<Kind>(encoding, static_cast<int>(code)));
    table.bits_are_codes = table.bits_are_codes && table.bits[code] == code;
  }
  return table;
}

using MakePeTable = PeTable (*)(PeMode);

/// `Kind` has the mode.
template <typename Kind>
PeTable pe_table(PeMode pe_mode) {
  PeTable table;
  table.left = operand_table<Kind>(left_encoding(pe_mode));
  table.right = operand_table<Kind>(right_encoding(pe_mode));
  with_mode<Kind>(pe_mode, [&]<PeMode mode>() {
    for (std::size_t a = 0; a < all_codes; ++a)
      for (std::size_t b = 0; b < all_codes; ++b)
        table.products[a * all_codes + b] =
            Kind::template product<mode>(int{table.left.bits[a]}, int{table.right.bits[b]});
  });
  find_values(table);
  return table;
}

}  // namespace quatrain::rtl_models
