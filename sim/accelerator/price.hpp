#pragma once
/// What prices one event: a row of a technology table, or a word of a memory.

#include "sim/accelerator/technology.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace quatrain::sim {

using Price = std::variant<TechnologyRow, SramWord>;

/// "fp32_mul", "sram_32kib_128bit_read": names a price in files.
std::string name_of(const Price& price);
/// The other way; nothing where no price has the name.
std::optional<Price> price_named(std::string_view name);

Constant constant_of(const Price& price, const Technology& technology);

}  // namespace quatrain::sim
