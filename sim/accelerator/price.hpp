#pragma once
/// What prices one event: a row of a technology table, a word of a memory, or a way over a PE.

#include "sim/accelerator/technology.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace quatrain::sim {

using Price = std::variant<TechnologyRow, SramWord, PePitch>;

/// "fp32_mul", "sram_32kib_128bit_read", "wire_over_pe_of_611_gates": names a price in files.
std::string name_of(const Price& price);
/// The other way; nothing where no price has the name.
std::optional<Price> price_named(std::string_view name);

Constant constant_of(const Price& price, const Technology& technology);

}  // namespace quatrain::sim
