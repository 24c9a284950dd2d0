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
  return word.width_bits >= 1 && word.width_bits <= *std::rbegin(sram_widths) &&
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
  technology.read_area(root.at("area"));
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

void Technology::read_area(const JsonNode& node) {
  const auto read = [&](std::string_view key, std::string_view unit) {
    const Constant row = read_row(node.at(key), unit);
    return AreaConstant{row.pj, row};
  };
  nand2_area_ = read("nand2", "um2 per NAND2 equivalent");
  sram_area_ = read("sram", "um2 per KiB");
  node.reject_unread_keys();
}

Constant Technology::over_pe(const PePitch& pitch) const {
  // A bit of random data charges the wire in one cycle of four, a clock in every one. An H-tree has 1.5
  // pitches of wire for each PE. Nominal: its buffers take as much again; high: three times that (assumed).
  constexpr Bounds wires_of_clock_tree{6, 12, 24};
  constexpr double um_per_mm = 1000;
  Constant constant = row(TechnologyRow::wire);
  const double gates = static_cast<double>(pitch.gates);
  const bool is_wire = pitch.what == PePitch::What::wire;
  const Bounds factor = is_wire ? Bounds{1, 1, 1} : wires_of_clock_tree;
  const auto over = [&](double Bounds::*bound) {
    return factor.*bound * (constant.pj.*bound) * std::sqrt(gates * nand2_area_.um2.*bound) / um_per_mm;
  };
  constant.pj = {over(&Bounds::low), over(&Bounds::nominal), over(&Bounds::high)};
  constant.unit = is_wire ? "pJ per bit and PE" : "pJ per PE and clock";
  constant.kind = kind_words.back();
  constant.conditions += is_wire ? "; over the side of a PE, from the area of its gates"
                                 : "; 1.5 sides of a PE of wire, with buffers (assumed)";
  return constant;
}

Constant Technology::sram(const SramWord& word) const {
  const unsigned width = word.width_bits, narrowest = *std::begin(sram_widths);
  assert(is_priced(word) && "the config's bounds say so");
  const unsigned* const above = std::ranges::lower_bound(sram_widths, width);
  Constant constant = sram_of_width(*above, word.kib, word.access);
  if (*above == width) return constant;
  if (width < narrowest) {  // between proportional to the width and no less than the narrowest word
    const Bounds wider = sram_of_width(sram_widths[1], word.kib, word.access).pj;
    const double share = static_cast<double>(width) / narrowest;
    const double slope = std::clamp(std::log2(wider.nominal / constant.pj.nominal), 0.0, 1.0);
    constant.pj = {share * constant.pj.low, std::pow(share, slope) * constant.pj.nominal, constant.pj.high};
    constant.kind = kind_words.back();
    constant.conditions += fmt::format("; {} bits from the rows of 64 and 128", width);
    return constant;
  }
  const unsigned below = *std::prev(above);
  constant.pj = interpolated(sram_of_width(below, word.kib, word.access).pj, constant.pj,
                             std::log2(static_cast<double>(width) / below));
  constant.conditions += fmt::format("; {} bits between the rows of {} and {}", width, below, *above);
  return constant;
}

Constant Technology::sram_of_width(unsigned width_bits, double kib, Access access) const {
  const std::vector<Word>& sizes = words_.at(width_bits);
  const auto of = [&](const Word& entry) { return access == Access::read ? entry.read : entry.write; };
  if (kib > sizes.back().kib) {
    Constant grown = sram_;
    const Bounds last = of(sizes.back()), factor = sram_growth(width_bits, access, kib);
    grown.pj = {last.low * factor.low, last.nominal * factor.nominal, last.high * factor.high};
    const bool is_extrapolated = kib > largest_grown_kib;
    if (is_extrapolated) grown.kind = kind_words.back();
    grown.conditions += is_extrapolated
                            ? "; extrapolated beyond 4 MiB by the square root of the size (powers 0.3 to 0.7)"
                            : "; beyond 256 KiB as rows of CACTI 7 grow";
    return grown;
  }
  std::size_t above = 1;
  while (sizes[above].kib < kib) ++above;
  const Word &lower = sizes[above - 1], &upper = sizes[above];
  Constant constant = sram_;
  constant.pj =
      interpolated(of(lower), of(upper),
                   std::log2(kib / lower.kib) / std::log2(static_cast<double>(upper.kib) / lower.kib));
  return constant;
}

}  // namespace quatrain::sim
