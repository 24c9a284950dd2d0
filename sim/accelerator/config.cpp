#include "sim/accelerator/config.hpp"

#include "sim/accelerator/dataflow/names.hpp"
#include "sim/accelerator/ports.hpp"
#include "sim/accelerator/sram_growth.hpp"
#include "traces/base/error.hpp"
#include "traces/base/names.hpp"
#include "traces/format/accumulator_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <span>

namespace quatrain::sim {
namespace {

using base::JsonNode;
using Word = std::string_view;

constexpr std::array<Word, 1> lowering_words = {"as_recorded"};
constexpr std::array<Word, 3> random_source_words = {"philox", "lfsr", "none"};
constexpr std::int64_t largest_block = 1'000'000'000;
constexpr std::array<Word, 2> clock_gating_words = {"none", "idle_pes"};
constexpr std::array<Word, 3> search_words = {"dram_bytes", "time", "energy"};
constexpr std::array<Word, 2> switching_words = {"uniform", "toggles"};
constexpr std::array<Word, 2> buffering_words = {"single", "double"};
constexpr std::array<Word, 4> dram_words = {"hbm2", "gddr6", "lpddr4", "ddr3"};

const PeKind& read_pe(const JsonNode& node) {
  std::vector<Word> words;
  for (const PeKind* kind : pe_kinds()) words.push_back(kind->name);
  return *pe_kinds()[node.one_of(words)];
}

template <typename Enum, std::size_t count>
Enum read_word(const JsonNode& node, Word key, const std::array<Word, count>& words) {
  return static_cast<Enum>(node.at(key).one_of(words));
}

void refuse_key(const JsonNode& node, Word key, Word beside) {
  if (node.has(key))
    throw node.at(key).error("stands beside {}, which has none; expected no such key", beside);
}

/// Each dataflow has one key of its own. SCALE-Sim knows neither: as it counts, results leave and operands
/// enter one after the other.
rtl_models::Dataflow read_dataflow(const JsonNode& node, Convention convention) {
  const Word name = dataflow_words[node.at("dataflow").one_of(dataflow_words)];
  if (convention == Convention::scalesim) {
    for (const Word key : {"drain", "preload"}) refuse_key(node, key, "the convention 'scalesim'");
    if (name == "output_stationary") return rtl_models::OutputStationary{};
    if (name == "weight_stationary") return rtl_models::WeightStationary{rtl_models::Preload::exposed};
    return rtl_models::InputStationary{rtl_models::Preload::exposed};
  }
  if (name == "output_stationary") {
    refuse_key(node, "preload", "'output_stationary'");
    return rtl_models::OutputStationary{read_word<rtl_models::Drain>(node, "drain", drain_words)};
  }
  refuse_key(node, "drain", fmt::format("'{}'", name));
  const auto preload = read_word<rtl_models::Preload>(node, "preload", preload_words);
  if (name == "weight_stationary") return rtl_models::WeightStationary{preload};
  return rtl_models::InputStationary{preload};
}

void read_array(const JsonNode& node, AcceleratorConfig& config) {
  config.array.rows = static_cast<std::uint32_t>(node.at("rows").integer(1, rtl_models::largest_side));
  config.array.columns = static_cast<std::uint32_t>(node.at("columns").integer(1, rtl_models::largest_side));
  if (node.has("convention")) config.convention = read_word<Convention>(node, "convention", convention_words);
  config.dataflow = read_dataflow(node, config.convention);
  node.reject_unread_keys();
}

/// Blocks are those of output-stationary tiles, in our own count.
void refuse_mapping(const JsonNode& node, const AcceleratorConfig& config) {
  if (!std::holds_alternative<rtl_models::OutputStationary>(config.dataflow))
    throw node.error("stands beside /array/dataflow '{}'; expected 'output_stationary' there, or no mapping",
                     name_of(config.dataflow));
  if (config.convention == Convention::scalesim)
    throw node.error("stands beside /array/convention 'scalesim'; expected no mapping");
}

/// {"float": 32} of a PE of floating-point operands, else any that traces know.
traces::Accumulator read_accumulator(const JsonNode& node, const PeKind& pe) {
  traces::Accumulator accumulator;
  if (pe.accumulator == "float")
    node.at("float").integer(32, 32);
  else
    accumulator = traces::read_accumulator(node, true);
  node.reject_unread_keys();
  return accumulator;
}

/// No sum of a chunk moves down a column. What else keeps the order of the terms depends on the GEMM.
void require_whole_chunks(const JsonNode& root, const AcceleratorConfig& config) {
  if (config.accumulator.chunk == 0 || std::holds_alternative<rtl_models::OutputStationary>(config.dataflow))
    return;
  throw root.at("accumulator")
      .at("chunk")
      .error(
          "found {} beside /array/dataflow '{}', where sums move down the columns; expected "
          "'output_stationary' "
          "there, or no chunk",
          config.accumulator.chunk, name_of(config.dataflow));
}

nlohmann::ordered_json accumulator_object(const AcceleratorConfig& config) {
  if (config.pe->accumulator == "float") return {{"float", config.accumulator.bits}};
  return nlohmann::ordered_json::parse(traces::json_text(config.accumulator));
}

/// Quantizer lanes draw random bits; a PE whose operands are not quantized has none.
RandomSource read_random_source(const JsonNode& node, const PeKind& pe) {
  const std::span words(random_source_words);
  switch (pe.tensors) {
    case TensorForm::fp32:
      return static_cast<RandomSource>(node.one_of(words.first(2)));
    case TensorForm::operands:
      node.one_of(words.last(1));
      return RandomSource::none;
  }
  std::abort();
}

/// Of every buffer. Banks are not smaller than the memories of the tables.
void read_banks(const JsonNode& node, AcceleratorConfig& config) {
  constexpr std::int64_t most_banks = 1024;
  if (node.has("banks")) config.banks = static_cast<unsigned>(node.at("banks").integer(1, most_banks));
  if (const double kib = std::min(config.operand_bank_kib(), config.accumulator_bank_kib());
      kib < sram_kib[0])
    throw node.at("banks").error("{} banks of {} KiB; expected banks of {} KiB or more", config.banks, kib,
                                 sram_kib[0]);
  if (!node.has("width_bits")) return;
  const auto width = static_cast<unsigned>(node.at("width_bits").integer(1, 65536));
  if (std::ranges::find(sram_widths, width) == std::end(sram_widths))
    throw node.at("width_bits").error("found {}; expected 64, 128, 256 or 512", width);
  config.width_bits = width;
}

void read_buffers(const JsonNode& node, AcceleratorConfig& config) {
  config.operand_kib = static_cast<unsigned>(node.at("operand_kib").integer(16, 2 * largest_sram_kib));
  config.accumulator_kib = static_cast<unsigned>(node.at("accumulator_kib").integer(8, largest_sram_kib));
  if (node.has("buffering"))
    config.buffering = static_cast<Buffering>(node.at("buffering").one_of(buffering_words));
  if (node.has("unified")) config.unified_buffer = node.at("unified").boolean();
  if (config.unified_buffer && config.unified_kib() > largest_sram_kib)
    throw node.at("unified").error("one memory of {} KiB; expected at most {} KiB in all",
                                   config.unified_kib(), largest_sram_kib);
  read_banks(node, config);
  node.reject_unread_keys();
}

/// Blocks of m and n hold whole tiles.
std::uint64_t read_block(const JsonNode& node, std::uint32_t side, Word side_name) {
  const auto block = static_cast<std::uint64_t>(node.integer(1, largest_block));
  if (block % side != 0)
    throw node.error("found {}; expected a multiple of /array/{}, which is {}", block, side_name, side);
  return block;
}

MappingChoice read_mapping(const JsonNode& node, rtl_models::ArrayShape array) {
  MappingChoice choice;
  if (node.has("search")) {
    choice = SearchedBlocks{static_cast<SearchedFor>(node.at("search").one_of(search_words))};
  } else {
    choice = Blocks{static_cast<LoopOrder>(node.at("order").one_of(loop_order_words)),
                    read_block(node.at("m"), array.rows, "rows"),
                    read_block(node.at("n"), array.columns, "columns"),
                    static_cast<std::uint64_t>(node.at("k").integer(1, largest_block))};
  }
  node.reject_unread_keys();
  return choice;
}

nlohmann::ordered_json array_object(const AcceleratorConfig& config) {
  nlohmann::ordered_json json = {
      {"rows", config.array.rows}, {"columns", config.array.columns}, {"dataflow", name_of(config.dataflow)}};
  if (config.convention == Convention::scalesim) {
    json["convention"] = convention_words[static_cast<std::size_t>(config.convention)];
    return json;
  }
  std::visit(rtl_models::Overloaded{[&](const rtl_models::OutputStationary& kind) {
                                      json["drain"] = drain_words[static_cast<std::size_t>(kind.drain)];
                                    },
                                    [&](const auto& kind) {
                                      json["preload"] = preload_words[static_cast<std::size_t>(kind.preload)];
                                    }},
             config.dataflow);
  return json;
}

nlohmann::ordered_json mapping_object(const MappingChoice& choice) {
  if (const Blocks* blocks = std::get_if<Blocks>(&choice)) return to_json_object(*blocks);
  return {{"search", search_words[static_cast<std::size_t>(std::get<SearchedBlocks>(choice).least)]}};
}

/// Keys that `stalls` brings with it.
DramDetails read_dram_details(const JsonNode& node) {
  constexpr std::int64_t largest_burst = 65'536, largest_page = 1 << 24;
  constexpr double longest_ns = 1e6, least_efficiency = 0.01;
  DramDetails dram;
  dram.stalls = node.at("stalls").boolean();
  dram.latency_ns = node.at("latency_ns").number(0, longest_ns);
  dram.burst_bytes = static_cast<std::uint32_t>(node.at("burst_bytes").integer(1, largest_burst));
  if (node.has("efficiency")) dram.efficiency = node.at("efficiency").number(least_efficiency, 1);
  if (!node.has("page_bytes") && !node.has("page_miss_ns")) return dram;
  const JsonNode page = node.at("page_bytes");
  dram.page_bytes = static_cast<std::uint32_t>(page.integer(1, largest_page));
  if (dram.page_bytes % dram.burst_bytes != 0)
    throw page.error("found {}; expected a multiple of burst_bytes, which is {}", dram.page_bytes,
                     dram.burst_bytes);
  dram.page_miss_ns = node.at("page_miss_ns").number(0, longest_ns);
  return dram;
}

nlohmann::ordered_json dram_object(const AcceleratorConfig& config) {
  nlohmann::ordered_json json = {{"kind", name_of(config.dram)}, {"gib_per_s", config.dram_gib_per_s}};
  if (!config.dram_details) return json;
  const DramDetails& dram = *config.dram_details;
  json["stalls"] = dram.stalls;
  json["latency_ns"] = dram.latency_ns;
  json["burst_bytes"] = dram.burst_bytes;
  json["efficiency"] = dram.efficiency;
  if (dram.page_bytes > 0) {
    json["page_bytes"] = dram.page_bytes;
    json["page_miss_ns"] = dram.page_miss_ns;
  }
  return json;
}

QuantizerDesign read_quantizers(const JsonNode& node, const PeKind& pe) {
  if (pe.tensors == TensorForm::operands)
    throw node.error("the pe '{}' has no quantizers; expected no such key", pe.name);
  QuantizerDesign design;
  design.lanes = static_cast<unsigned>(node.at("lanes").integer(1, rtl_models::most_lanes));
  if (node.has("placement"))
    design.placement = read_word<QuantizerPlacement>(node, "placement", placement_words);
  if (node.has("sample_groups")) {
    const JsonNode groups = node.at("sample_groups");
    design.sample_groups = static_cast<unsigned>(groups.integer(1, rtl_models::most_samples));
    if (!std::has_single_bit(*design.sample_groups))
      throw groups.error("found {}; expected 1, 2, 4, 8 or 16", *design.sample_groups);
  }
  node.reject_unread_keys();
  return design;
}

nlohmann::ordered_json quantizers_object(const QuantizerDesign& design) {
  nlohmann::ordered_json json = {{"lanes", design.lanes}};
  if (design.placement != QuantizerPlacement::dram)
    json["placement"] = placement_words[static_cast<std::size_t>(design.placement)];
  if (design.sample_groups) json["sample_groups"] = *design.sample_groups;
  return json;
}

unsigned read_transposer(const JsonNode& node, const PeKind& pe) {
  constexpr std::int64_t largest_side = 128;
  if (pe.tensors == TensorForm::operands)
    throw node.error("the pe '{}' has no codes to transpose; expected no such key", pe.name);
  const JsonNode side_node = node.at("side");
  const auto side = static_cast<unsigned>(side_node.integer(0, largest_side));
  if (side == 1) throw side_node.error("found 1; expected 0, for none, or 2 to {}", largest_side);
  node.reject_unread_keys();
  return side;
}

unsigned read_vector_lanes(const JsonNode& node) {
  const auto lanes = static_cast<unsigned>(node.at("lanes").integer(1, 65536));
  node.reject_unread_keys();
  return lanes;
}

void read_dram(const JsonNode& node, AcceleratorConfig& config) {
  if (node.has("kind")) config.dram = static_cast<Dram>(node.at("kind").one_of(dram_words));
  config.dram_gib_per_s = node.at("gib_per_s").number(0.001, 100'000);
  if (node.has("stalls")) config.dram_details = read_dram_details(node);
  node.reject_unread_keys();
}

std::vector<std::string> read_technology_names(const JsonNode& node) {
  std::vector<std::string> names;
  for (const JsonNode& item : node.items(1, 8)) {
    names.push_back(item.string(1, 1000));
    if (std::find(names.begin(), names.end() - 1, names.back()) != names.end() - 1)
      throw item.error("found '{}' twice; expected different tables", base::printable(names.back()));
  }
  return names;
}

}  // namespace

std::string_view name_of(RandomSource source) {
  return random_source_words[static_cast<std::size_t>(source)];
}
std::string_view name_of(Dram dram) { return dram_words[static_cast<std::size_t>(dram)]; }

AcceleratorConfig read_accelerator(const JsonNode& root) {
  AcceleratorConfig config;
  config.name = base::read_file_name(root.at("name"));
  read_array(root.at("array"), config);
  config.pe = &read_pe(root.at("pe"));
  config.accumulator = read_accumulator(root.at("accumulator"), *config.pe);
  require_whole_chunks(root, config);
  root.at("lowering").one_of(lowering_words);
  config.random_source = read_random_source(root.at("random_source"), *config.pe);
  config.clock_mhz = root.at("clock_mhz").number(1, 10'000);
  if (root.has("clock_gating"))
    config.clock_gating = read_word<ClockGating>(root, "clock_gating", clock_gating_words);
  if (root.has("zero_gating")) config.zero_gating = root.at("zero_gating").boolean();
  if (root.has("switching")) config.switching = read_word<Switching>(root, "switching", switching_words);
  if (config.zero_gating && config.switching == Switching::toggles)
    throw root.at("switching")
        .error(
            "found 'toggles' beside /zero_gating true; expected one of the two: each says how much logic "
            "switches");
  read_buffers(root.at("buffers"), config);
  require_ports(root.at("buffers"), config);
  read_dram(root.at("dram"), config);
  if (root.has("mapping")) {
    refuse_mapping(root.at("mapping"), config);
    config.mapping = read_mapping(root.at("mapping"), config.array);
  }
  if (config.stalls() != nullptr && !root.has("mapping"))
    throw root.at("dram").at("stalls").error(
        "found true; expected /mapping beside it: the memory loads the blocks of a mapping");
  if (config.unified_buffer && !root.has("mapping"))
    throw root.at("buffers").at("unified").error(
        "found true; expected /mapping beside it: its blocks share the memory");
  const SearchedBlocks* search = std::get_if<SearchedBlocks>(&config.mapping);
  if (search != nullptr && search->least == SearchedFor::time && config.stalls() == nullptr)
    throw root.at("mapping").at("search").error(
        "found 'time'; expected /dram/stalls true beside it: without stalls no mapping is faster than tile "
        "after "
        "tile");
  if (root.has("quantizers")) config.quantizers = read_quantizers(root.at("quantizers"), *config.pe);
  if (root.has("transposer")) config.transposer_side = read_transposer(root.at("transposer"), *config.pe);
  if (root.has("vector_unit")) config.vector_lanes = read_vector_lanes(root.at("vector_unit"));
  config.technology = read_technology_names(root.at("technology"));
  root.read_schema_key();
  root.reject_unread_keys();
  return config;
}

nlohmann::ordered_json to_json_object(const Blocks& blocks) {
  return {{"order", name_of(blocks.order)}, {"m", blocks.m}, {"n", blocks.n}, {"k", blocks.k}};
}

nlohmann::ordered_json to_json_object(const AcceleratorConfig& config) {
  nlohmann::ordered_json json = {
      {"name", config.name},
      {"array", array_object(config)},
      {"pe", config.pe->name},
      {"accumulator", accumulator_object(config)},
      {"lowering", lowering_words[0]},
      {"random_source", name_of(config.random_source)},
      {"clock_mhz", config.clock_mhz},
      {"buffers", {{"operand_kib", config.operand_kib}, {"accumulator_kib", config.accumulator_kib}}},
      {"dram", dram_object(config)}};
  if (config.clock_gating != ClockGating::none)
    json["clock_gating"] = clock_gating_words[static_cast<std::size_t>(config.clock_gating)];
  if (config.zero_gating) json["zero_gating"] = true;
  if (config.switching != Switching::uniform)
    json["switching"] = switching_words[static_cast<std::size_t>(config.switching)];
  if (config.unified_buffer) json["buffers"]["unified"] = true;
  if (config.banks != 1) json["buffers"]["banks"] = config.banks;
  if (config.width_bits) json["buffers"]["width_bits"] = *config.width_bits;
  if (config.buffering != Buffering::single)
    json["buffers"]["buffering"] = buffering_words[static_cast<std::size_t>(config.buffering)];
  if (!std::holds_alternative<TilesInOrder>(config.mapping)) json["mapping"] = mapping_object(config.mapping);
  if (config.quantizers) json["quantizers"] = quantizers_object(*config.quantizers);
  if (config.transposer_side) json["transposer"] = {{"side", *config.transposer_side}};
  if (config.vector_lanes) json["vector_unit"] = {{"lanes", *config.vector_lanes}};
  json["technology"] = config.technology;
  return json;
}

}  // namespace quatrain::sim
