#include "sim/accelerator/technology.hpp"

#include "sim/accelerator/pe/pe_kind.hpp"
#include "sim/accelerator/sram_growth.hpp"
#include "traces/base/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <iterator>

namespace quatrain::sim {
namespace {

using base::JsonNode;

/// Rows whose names begin so price PEs, perhaps those of a program that has more kinds than this one.
constexpr std::string_view pe_prefix = "pe_";

constexpr double largest_pj = 1e6;

Bounds read_bounds(const JsonNode& node) {
  const Bounds bounds{node.at("low").number(0, largest_pj), node.at("value").number(0, largest_pj),
                      node.at("high").number(0, largest_pj)};
  if (bounds.low > bounds.nominal || bounds.nominal > bounds.high)
    throw node.error("found low {}, value {}, high {}; expected low <= value <= high", bounds.low,
                     bounds.nominal, bounds.high);
  return bounds;
}

/// Everything but the energy.
Constant read_origin(const JsonNode& node, std::string_view unit) {
  constexpr std::size_t longest = 1000, longest_family = 60;
  Constant constant;
  const std::array<std::string_view, 1> units = {unit};
  node.at("unit").one_of(units);
  constant.unit = unit;
  constant.kind = kind_words[node.at("kind").one_of(kind_words)];
  constant.source = node.at("source").string(1, longest);
  constant.node = node.at("node").string(1, longest);
  constant.voltage = read_voltage(node.at("voltage"));
  constant.family = node.at("family").string(1, longest_family);
  constant.conditions = node.at("conditions").string(0, longest);
  return constant;
}

Constant read_row(const JsonNode& node, std::string_view unit) {
  Constant constant = read_origin(node, unit);
  constant.pj = read_bounds(node);
  node.reject_unread_keys();
  return constant;
}

Bounds interpolated(const Bounds& below, const Bounds& above, double share) {
  const auto between = [share](double a, double b) { return std::pow(a, 1 - share) * std::pow(b, share); };
  return {between(below.low, above.low), between(below.nominal, above.nominal),
          between(below.high, above.high)};
}

}  // namespace

std::string text_of(const std::optional<Voltage>& voltage) {
  if (!voltage) return "not stated";
  if (voltage->kind == "published") return fmt::format("{} V", voltage->volts);
  return fmt::format("{} V ({})", voltage->volts, voltage->kind);
}

std::optional<Voltage> read_voltage(const JsonNode& node) {
  constexpr double least_volts = 0.1, most_volts = 10;
  if (node.is_null()) return std::nullopt;
  Voltage voltage{node.at("volts").number(least_volts, most_volts),
                  std::string(kind_words[node.at("kind").one_of(kind_words)])};
  node.reject_unread_keys();
  return voltage;
}

Bounds& Bounds::operator+=(const Bounds& other) {
  low += other.low;
  nominal += other.nominal;
  high += other.high;
  return *this;
}

Bounds operator*(double factor, const Bounds& bounds) {
  return {factor * bounds.low, factor * bounds.nominal, factor * bounds.high};
}

std::vector<TechnologyRow> known_rows() {
  std::vector<TechnologyRow> rows(std::begin(common_rows), std::end(common_rows));
  for (const PeKind* kind : pe_kinds()) rows.insert(rows.end(), kind->per_mac.begin(), kind->per_mac.end());
  return rows;
}

bool is_priced(const SramWord& word) {
  return std::ranges::find(sram_widths, word.width_bits) != std::end(sram_widths) &&
         word.kib >= *std::begin(sram_kib) && word.kib <= largest_sram_kib;
}

Technology Technology::read(const JsonNode& root) {
  Technology technology;
  technology.name_ = base::read_file_name(root.at("name"));
  technology.source_ = root;
  const JsonNode rows = root.at("rows");
  for (const TechnologyRow& row : known_rows())
    if (rows.has(row.name)) technology.rows_.emplace(row.name, read_row(rows.at(row.name), row.unit));
  rows.reject_unread_keys(pe_prefix);
  technology.read_sram(root.at("sram"));
  root.read_schema_key();
  root.reject_unread_keys();
  return technology;
}

const Constant& Technology::row(TechnologyRow row) const {
  const auto found = rows_.find(row.name);
  if (found == rows_.end())
    throw source_->at("rows").error(
        "the key '{}' is missing; expected the energy of every event of the design", row.name);
  return found->second;
}

void Technology::read_sram(const JsonNode& node) {
  sram_ = read_origin(node, "pJ per word");
  const auto expected = std::size(sram_kib) * std::size(sram_widths);
  const std::vector<JsonNode> items = node.at("words").items(expected, expected);
  node.reject_unread_keys();
  std::size_t index = 0;
  for (const unsigned kib : sram_kib)
    for (const unsigned width : sram_widths) {
      const JsonNode& item = items[index++];
      item.at("kib").integer(kib, kib);
      item.at("width_bits").integer(width, width);
      const JsonNode read = item.at("read"), write = item.at("write");
      words_[width].push_back({kib, read_bounds(read), read_bounds(write)});
      for (const JsonNode& object : {read, write, item}) object.reject_unread_keys();
    }
}

Constant Technology::sram(const SramWord& word) const {
  const std::vector<Word>& sizes = words_.at(word.width_bits);
  assert(word.kib >= sizes.front().kib && "the config's bounds say so");
  const auto of = [&](const Word& entry) { return word.access == Access::read ? entry.read : entry.write; };
  if (word.kib > sizes.back().kib) {
    Constant grown = sram_;
    const Bounds last = of(sizes.back()), factor = sram_growth(word.width_bits, word.access, word.kib);
    grown.pj = {last.low * factor.low, last.nominal * factor.nominal, last.high * factor.high};
    const bool is_extrapolated = word.kib > largest_grown_kib;
    if (is_extrapolated) grown.kind = kind_words.back();
    grown.conditions += is_extrapolated
                            ? "; extrapolated beyond 4 MiB by the square root of the size (powers 0.3 to 0.7)"
                            : "; beyond 256 KiB as rows of CACTI 7 grow";
    return grown;
  }
  std::size_t above = 1;
  while (sizes[above].kib < word.kib) ++above;
  const Word &lower = sizes[above - 1], &upper = sizes[above];
  Constant constant = sram_;
  constant.pj =
      interpolated(of(lower), of(upper),
                   std::log2(word.kib / lower.kib) / std::log2(static_cast<double>(upper.kib) / lower.kib));
  return constant;
}

}  // namespace quatrain::sim
