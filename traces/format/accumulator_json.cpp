#include "traces/format/accumulator_json.hpp"

#include <array>

namespace quatrain::traces {
namespace {

Overflow read_overflow(const base::JsonNode& node, const std::array<Overflow, 2>& kinds) {
  const std::array<std::string_view, 2> words{name_of(kinds[0]), name_of(kinds[1])};
  return kinds[node.at("overflow").one_of(words)];
}

Accumulator read_integer(const base::JsonNode& node, bool may_be_exact) {
  Accumulator accumulator;
  const base::JsonNode bits = node.at("int");
  accumulator.bits = static_cast<unsigned>(
      bits.integer(narrowest_accumulator, may_be_exact ? widest_accumulator : widest_accumulator - 1));
  if (!accumulator.is_narrow()) return accumulator;
  if (may_be_exact && !node.has("overflow"))
    throw bits.error(
        "found {} without 'overflow' beside it; expected 'wrap' or 'saturate' there, or 32: sums "
        "may leave {} bits",
        accumulator.bits, accumulator.bits);
  accumulator.overflow = read_overflow(node, {Overflow::wrap, Overflow::saturate});
  return accumulator;
}

Accumulator read_float(const base::JsonNode& node) {
  Accumulator accumulator{.format = SumFormat::floating};
  const base::JsonNode bits = node.at("float");
  accumulator.bits = static_cast<unsigned>(bits.integer(half_accumulator, widest_accumulator));
  if (accumulator.bits == half_accumulator)
    accumulator.overflow = read_overflow(node, {Overflow::infinity, Overflow::saturate});
  else if (accumulator.is_narrow())
    throw bits.error("found {}; expected 16 or 32", accumulator.bits);
  return accumulator;
}

}  // namespace

Accumulator read_accumulator(const base::JsonNode& node, bool may_be_exact) {
  Accumulator accumulator = node.has("float") ? read_float(node) : read_integer(node, may_be_exact);
  if (!accumulator.is_exact() && node.has("chunk"))
    accumulator.chunk = static_cast<unsigned>(node.at("chunk").integer(1, largest_chunk));
  return accumulator;
}

std::string json_text(const Accumulator& accumulator) {
  std::string text = fmt::format(R"({{"{}": {})", accumulator.is_float() ? "float" : "int", accumulator.bits);
  if (accumulator.is_narrow()) text += fmt::format(R"(, "overflow": "{}")", name_of(accumulator.overflow));
  if (accumulator.chunk != 0) text += fmt::format(R"(, "chunk": {})", accumulator.chunk);
  return text + "}";
}

}  // namespace quatrain::traces
