#include "sim/verify/difference_json.hpp"

#include "sim/records/result_file.hpp"
#include "traces/base/joined.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace quatrain::sim {
namespace {

using base::JsonNode;
using diagnosis::AxisPattern;
using diagnosis::DifferenceMap;
using Json = nlohmann::ordered_json;

Json json_of(const AxisPattern& axis) {
  if (axis.size == 0) return nullptr;
  return {{"size", axis.size},           {"first", axis.first},   {"last", axis.last},
          {"different", axis.different}, {"period", axis.period}, {"residues", axis.residues}};
}

Json json_of(const DifferenceMap& map) {
  return {{"rows", map.rows},
          {"columns", map.columns},
          {"rows_a_cell", map.rows_a_cell},
          {"columns_a_cell", map.columns_a_cell},
          {"counts", map.counts}};
}

std::int64_t index_at(const JsonNode& node, std::string_view key) {
  return static_cast<std::int64_t>(count_at(node, key));
}

AxisPattern read_axis(const JsonNode& node) {
  if (node.is_null()) return {};
  AxisPattern axis{.size = index_at(node, "size"),
                   .first = index_at(node, "first"),
                   .last = index_at(node, "last"),
                   .different = index_at(node, "different"),
                   .period = index_at(node, "period"),
                   .residues = {}};
  for (const JsonNode& residue : node.at("residues").items())
    axis.residues.push_back(residue.integer(0, 255));
  return axis;
}

DifferenceMap read_map(const JsonNode& node) {
  constexpr std::int64_t most_cells = 32;
  DifferenceMap map{.rows = node.at("rows").integer(1, most_cells),
                    .columns = node.at("columns").integer(1, most_cells),
                    .rows_a_cell = index_at(node, "rows_a_cell"),
                    .columns_a_cell = index_at(node, "columns_a_cell"),
                    .counts = {}};
  const JsonNode counts = node.at("counts");
  for (const JsonNode& count : counts.items())
    map.counts.push_back(static_cast<std::uint64_t>(count.integer(0, INT64_MAX)));
  if (map.counts.size() != static_cast<std::size_t>(map.rows * map.columns))
    throw counts.error("found {} counts; expected {} for {} x {} cells", map.counts.size(),
                       map.rows * map.columns, map.rows, map.columns);
  return map;
}

}  // namespace

Json to_json_object(const diagnosis::Pattern& pattern) {
  return {{"record", pattern.record},
          {"of", pattern.of},
          {"elements", pattern.elements},
          {"different", pattern.different},
          {"groups", json_of(pattern.groups)},
          {"rows", json_of(pattern.rows)},
          {"columns", json_of(pattern.columns)},
          {"too_large", pattern.too_large},
          {"too_small", pattern.too_small},
          {"smallest", pattern.smallest},
          {"largest", pattern.largest},
          {"multiple_of_two_to", pattern.multiple_of_two_to},
          {"factor", text_or_null(pattern.factor)},
          {"k_tile", pattern.k_tile},
          {"map", json_of(pattern.map)},
          {"text", describe(pattern)}};
}

Json to_json_object(const diagnosis::Diagnosis& diagnosis) {
  return {{"cause", diagnosis.cause},
          {"evidence", diagnosis.evidence},
          {"records", diagnosis.records},
          {"explained", diagnosis.explained},
          {"also", diagnosis.also}};
}

diagnosis::Pattern read_pattern(const JsonNode& node) {
  diagnosis::Pattern pattern;
  pattern.record = node.at("record").string();
  pattern.of = node.at("of").string();
  pattern.elements = count_at(node, "elements");
  pattern.different = count_at(node, "different");
  pattern.groups = read_axis(node.at("groups"));
  pattern.rows = read_axis(node.at("rows"));
  pattern.columns = read_axis(node.at("columns"));
  pattern.too_large = count_at(node, "too_large");
  pattern.too_small = count_at(node, "too_small");
  pattern.smallest = node.at("smallest").string();
  pattern.largest = node.at("largest").string();
  pattern.multiple_of_two_to = static_cast<unsigned>(node.at("multiple_of_two_to").integer(0, 63));
  pattern.factor = text_or_none_at(node, "factor");
  pattern.k_tile = index_at(node, "k_tile");
  pattern.map = read_map(node.at("map"));
  std::vector<std::string> text;
  for (const JsonNode& sentence : node.at("text").items()) text.push_back(sentence.string());
  if (text != describe(pattern))
    throw node.at("text").error("found '{}'; the other keys say '{}'", base::joined(text),
                                base::joined(describe(pattern)));
  return pattern;
}

diagnosis::Diagnosis read_diagnosis(const JsonNode& node) {
  diagnosis::Diagnosis diagnosis{.cause = node.at("cause").string(),
                                 .evidence = node.at("evidence").string(),
                                 .records = count_at(node, "records"),
                                 .explained = count_at(node, "explained"),
                                 .also = {}};
  for (const JsonNode& cause : node.at("also").items()) diagnosis.also.push_back(cause.string());
  return diagnosis;
}

}  // namespace quatrain::sim
