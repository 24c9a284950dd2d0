#include "tests/sim/accelerator/recount.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <stdexcept>

namespace quatrain::tests {
namespace {

using Json = nlohmann::json;
using Int = std::int64_t;

Int round_up(Int a, Int b) { return (a + b - 1) / b; }

/// The sizes of one record; a linear layer is a convolution of 1 x 1 on one position.
struct Layer {
  Int batch, channels, height, width, outputs, out_height, out_width;
  Int kernel[2] = {1, 1}, stride[2] = {1, 1}, padding[2] = {0, 0}, groups = 1;
};

Int size(const Json& shape, std::size_t axis) { return axis < shape.size() ? shape[axis].get<Int>() : 1; }

struct Gemm {
  std::string phase;
  Layer layer;
  Int m, n, k, groups, samples;
};

Layer layer_of(const Json& description, const Json& input, const Json& output) {
  Layer l;
  l.batch = size(input, 0), l.channels = size(input, 1), l.height = size(input, 2), l.width = size(input, 3);
  l.outputs = size(output, 1), l.out_height = size(output, 2), l.out_width = size(output, 3);
  if (description["kind"] == "conv2d") {
    for (std::size_t axis : {0U, 1U}) {
      l.kernel[axis] = description["kernel"][axis];
      l.stride[axis] = description["stride"][axis];
      l.padding[axis] = description["padding"][axis];
    }
    l.groups = description["groups"];
  }
  return l;
}

/// The left tensor's element at row m and term k of group 0, as a number; -1 in the padding or a gap.
Int left_element(const Gemm& gemm, Int m, Int k) {
  const Layer& l = gemm.layer;
  const Int taps = l.kernel[0] * l.kernel[1];
  if (gemm.phase == "forward") {  // m = (b, y, x), k = (c, i, j)
    const Int x = m % l.out_width, y = m / l.out_width % l.out_height, b = m / l.out_width / l.out_height;
    const Int j = k % l.kernel[1], i = k / l.kernel[1] % l.kernel[0], c = k / taps;
    const Int h = y * l.stride[0] + i - l.padding[0], w = x * l.stride[1] + j - l.padding[1];
    if (h < 0 || w < 0 || h >= l.height || w >= l.width) return -1;
    return ((b * l.channels + c) * l.height + h) * l.width + w;
  }
  if (gemm.phase == "backward_data") {  // m = (b, h, w), k = (o, i, j)
    const Int w = m % l.width, h = m / l.width % l.height, b = m / l.width / l.height;
    const Int j = k % l.kernel[1], i = k / l.kernel[1] % l.kernel[0], o = k / taps;
    const Int up = h + l.padding[0] - i, left = w + l.padding[1] - j;
    if (up < 0 || left < 0 || up % l.stride[0] != 0 || left % l.stride[1] != 0) return -1;
    const Int y = up / l.stride[0], x = left / l.stride[1];
    if (y >= l.out_height || x >= l.out_width) return -1;
    return ((b * l.outputs + o) * l.out_height + y) * l.out_width + x;
  }
  Gemm turned = gemm;  // m = (c, i, j), k = (b, y, x): forward with the two exchanged
  turned.phase = "forward";
  return left_element(turned, k, m);
}

struct Design {
  Int rows, columns, operand_bits, result_bytes;
  double half_bits, clock_mhz, gib_per_s;
  Int operand_kib, accumulator_kib;
  bool is_bf16;
  std::string pe, dram, random_source;
  Int lanes;
  bool is_gated;
  bool is_fused;
  Int sample_groups;  ///< 0: each sample by itself
  Int side;           ///< of the transposer; -1: the config does not say
};

Design design_of(const Json& config) {
  Design d;
  d.rows = config["array"]["rows"], d.columns = config["array"]["columns"];
  d.pe = config["pe"];
  d.is_bf16 = d.pe == "bf16";
  d.operand_bits = d.is_bf16 ? 16 : d.pe == "int8" ? 8 : 4;
  d.result_bytes = d.is_bf16 ? 2 : 4;
  d.operand_kib = config["buffers"]["operand_kib"], d.accumulator_kib = config["buffers"]["accumulator_kib"];
  d.half_bits = static_cast<double>(d.operand_kib) * 1024 * 8 / 2;
  d.clock_mhz = config["clock_mhz"], d.gib_per_s = config["dram"]["gib_per_s"];
  d.dram = "dram_" + config["dram"]["kind"].get<std::string>();
  d.random_source = config["random_source"];
  d.lanes = config.contains("quantizers") ? config["quantizers"]["lanes"].get<Int>() : 0;
  d.is_gated = config.value("clock_gating", "none") == "idle_pes";
  const Json quantizers = config.value("quantizers", Json::object());
  d.is_fused = quantizers.value("placement", "dram") == "fused";
  d.sample_groups = quantizers.value("sample_groups", Int{0});
  d.side = config.contains("transposer") ? config["transposer"]["side"].get<Int>() : -1;
  return d;
}

using Figures = std::map<std::string, double>;

/// Sets of the elements that the GEMM needs, each once. Groups are alike.
void count_compulsory(const Gemm& gemm, const Design& d, Figures& f) {
  std::set<Int> left, right;
  for (Int k = 0; k < gemm.k; ++k) {
    for (Int m = 0; m < gemm.m; ++m)
      if (const Int element = left_element(gemm, m, k); element >= 0) left.insert(element);
    for (Int n = 0; n < gemm.n; ++n) right.insert(n * gemm.k + k);  // no right element comes twice
  }
  const auto bytes = [&](Int elements) { return static_cast<double>((elements * d.operand_bits + 7) / 8); };
  f["compulsory_bytes_left"] = bytes(gemm.groups * static_cast<Int>(left.size()));
  f["compulsory_bytes_right"] = bytes(gemm.groups * gemm.samples * static_cast<Int>(right.size()));
  f["compulsory_bytes_result"] = static_cast<double>(d.result_bytes * gemm.groups * gemm.m * gemm.n);
}

/// What the results of a group pass on their way out, in PEs.
struct Way {
  double sum_hops = 0, waiting = 0;
};

/// Walks the tiles: columns of tiles outer, rows of tiles inner.
Way count_tiles(const Gemm& gemm, const Design& d, Figures& f) {
  Way way;
  const Int stream = gemm.samples * gemm.k, tile_rows = round_up(gemm.m, d.rows);
  std::vector<Int> distinct;  // elements of each row of tiles
  for (Int first = 0; first < gemm.m; first += d.rows) {
    std::set<Int> seen;
    for (Int m = first; m < std::min(first + d.rows, gemm.m); ++m)
      for (Int k = 0; k < gemm.k; ++k)
        if (const Int element = left_element(gemm, m, k); element >= 0) seen.insert(element);
    distinct.push_back(static_cast<Int>(seen.size()));
  }
  double left_bits = 0, right_bits = 0, share = 0;
  for (Int column = 0; column < gemm.n; column += d.columns)
    for (Int row = 0; row < gemm.m; row += d.rows) {
      const Int r = std::min(d.rows, gemm.m - row), c = std::min(d.columns, gemm.n - column);
      f["tiles"] += 1;
      f["cycles"] += static_cast<double>(stream + 2 * r + c - 2);
      f["streamed_cycles"] += static_cast<double>(stream);
      f["outputs"] += static_cast<double>(r * c);
      for (Int i = 0; i < r; ++i)
        way.sum_hops += static_cast<double>((r - i) * c);  // down to the end of the column
      way.waiting +=
          static_cast<double>((r - 1) * c);  // after their last operand; the bottom row sends at once
      share += static_cast<double>(r * c);
      const double left =
          static_cast<double>(distinct[static_cast<std::size_t>(row / d.rows)] * d.operand_bits);
      if (left > d.half_bits)
        left_bits += left * static_cast<double>(gemm.samples);
      else if (tile_rows > 1 || column == 0)
        left_bits += left;
      const double right = static_cast<double>(c * stream * d.operand_bits);
      if (right > d.half_bits || row == 0) right_bits += right;
    }
  const auto groups = static_cast<double>(gemm.groups);
  for (const char* name : {"tiles", "cycles", "streamed_cycles", "outputs"}) f[name] *= groups;
  f["bytes_left"] = std::ceil(groups * left_bits / 8);
  f["bytes_right"] = std::ceil(groups * right_bits / 8);
  f["bytes_result"] = static_cast<double>(d.result_bytes) * f["outputs"];
  f["bytes_accumulator"] = 0;  // k is never cut
  f["macs"] = groups * static_cast<double>(gemm.m * gemm.n * stream);
  way.sum_hops *= groups;
  way.waiting *= groups;
  return way;
}

/// Terms whose left element exists; every one of them meets n right elements of its group.
double terms_in_range(const Gemm& gemm) {
  double terms = 0;
  for (Int m = 0; m < gemm.m; ++m)
    for (Int k = 0; k < gemm.k; ++k) terms += left_element(gemm, m, k) >= 0;
  return terms * static_cast<double>(gemm.n * gemm.groups * gemm.samples);
}

/// Everything that follows from the sums.
void derive(const Design& d, Figures& f) {
  const double pes = static_cast<double>(d.rows * d.columns);
  f["milliseconds"] = f["cycles"] / d.clock_mhz / 1000;
  f["dram_milliseconds"] = (f["bytes_left"] + f["bytes_right"] + f["bytes_result"] + f["bytes_quantizer"]) *
                           1000 / (d.gib_per_s * 1073741824.0);
  f["utilization_spatial"] = f["outputs"] / (f["tiles"] * pes);
  f["utilization_temporal"] = f["streamed_cycles"] / f["cycles"];
  f["utilization_overall"] = f["macs"] / (pes * f["cycles"]);
  f["utilization_in_range"] = f["in_range_macs"] / (pes * f["cycles"]);
}

/// Events by component and constant.
using Events = std::map<std::string, std::map<std::string, double>>;

/// The memory word for so many bits a cycle: width, and how many. None is wider than 512 bits.
std::pair<Int, Int> word_for(Int bits) {
  Int words = 1;
  while (round_up(bits, words) > 512) ++words;
  return {round_up(bits, words), words};
}

std::string sram(double kib, Int width, const char* access) {
  std::string size = std::to_string(static_cast<Int>(kib));
  if (kib != std::floor(kib)) size += ".5";  // half of an odd number of KiB
  return "sram_" + size + "kib_" + std::to_string(width) + "bit_" + access;
}

/// Wires, clock tree and leakage, from docs/energy.md.
void count_standing(const Design& d, const Figures& f, const Way& way, Events& e) {
  static const std::map<std::string, double> combinational = {
      {"dual_int4_fp4", 435}, {"int4", 338}, {"fp7", 453}, {"int8", 723}, {"bf16", 2322}};
  const double pes = static_cast<double>(d.rows * d.columns),
               gates = combinational.at(d.pe) + 4 * static_cast<double>(2 * d.operand_bits + 4 + 32);
  const std::string pe = "_over_pe_of_" + std::to_string(static_cast<Int>(gates)) + "_gates";
  e["wires"]["wire" + pe] += 2 * f.at("macs") * static_cast<double>(d.operand_bits) + 32 * way.sum_hops;
  e["clock_tree"]["clock_tree" + pe] += pes * f.at("cycles");
  const double ns = std::round(f.at("cycles") * 1000 / d.clock_mhz);
  const double skew = static_cast<double>(d.rows * (d.rows - 1) / 2 * (d.operand_bits + 3) +
                                          d.columns * (d.columns - 1) / 2 * (d.operand_bits + 1));
  const double lane = 346 + (d.random_source == "lfsr" ? 99 + 32 * 4 : 11015);
  const Int maxima = d.lanes == 0 ? 0 : d.is_fused ? std::max({d.lanes, d.columns, Int{32}}) : d.lanes;
  const double transposer = d.side <= 0 ? 0 : static_cast<double>(d.side * d.side * d.operand_bits * (3 + 4));
  e["leakage"]["gate_leakage"] +=
      ns * (pes * gates + 4 * skew + static_cast<double>(d.lanes * std::max(d.sample_groups, Int{1})) * lane +
            static_cast<double>(maxima) * (205 + 31 * 4) + transposer);
  e["sram_leakage"]["sram_leakage"] += ns * static_cast<double>(d.operand_kib + d.accumulator_kib);
}

void count_array(const Gemm& gemm, const Design& d, const Figures& f, const Way& way, Events& e) {
  const double cycles = f.at("cycles");
  static const std::map<std::string, std::vector<const char*>> rows_of_a_mac = {
      {"dual_int4_fp4", {"pe_dual_int32"}},
      {"int4", {"pe_int4_int32"}},
      {"fp7", {"pe_fp7_int32"}},
      {"int8", {"pe_int8_int32"}},
      {"bf16", {"bf16_mul", "fp32_add"}}};
  for (const char* row : rows_of_a_mac.at(d.pe)) e["pe_combinational"][row] += f.at("macs");
  const double every_pe = static_cast<double>(d.rows * d.columns) * cycles;
  const double clocked = d.is_gated ? f.at("macs") + way.waiting + way.sum_hops : every_pe;
  e["pe_flip_flops"]["flipflop_bit_clock"] += static_cast<double>(2 * d.operand_bits + 4 + 32) * clocked;
  count_standing(d, f, way, e);
  e["skew_flip_flops"]["flipflop_bit_clock"] +=
      static_cast<double>(d.rows * (d.rows - 1) / 2 * (d.operand_bits + 3) +
                          d.columns * (d.columns - 1) / 2 * (d.operand_bits + 1)) *
      cycles;
  const double half = static_cast<double>(d.operand_kib) / 2;
  for (const auto& [lanes, bytes] : {std::pair{d.rows, "bytes_left"}, std::pair{d.columns, "bytes_right"}}) {
    const auto [width, words] = word_for(lanes * d.operand_bits);
    e["operand_sram"][sram(half, width, "read")] += f.at("streamed_cycles") * static_cast<double>(words);
    e["operand_sram"][sram(half, width, "write")] += std::ceil(f.at(bytes) * 8 / static_cast<double>(width));
  }
  const auto [width, words] = word_for(d.columns * 32);
  const auto drained = static_cast<double>(gemm.groups * round_up(gemm.n, d.columns) * gemm.m * words);
  for (const char* access : {"read", "write"})
    e["accumulator_sram"][sram(static_cast<double>(d.accumulator_kib), width, access)] += drained;
  e["dram"][d.dram] += 8 * (f.at("bytes_left") + f.at("bytes_right") + f.at("bytes_result"));
  if (d.is_bf16) return;  // tensors stand in DRAM as the PEs take them
  e["quantizer_dram"][d.dram] += 8 * f.at("bytes_quantizer");
  e["epilogue"]["fp32_mul"] += f.at("outputs");
}

/// What is quantized at one time: a tensor, and how many samples of it.
struct Quantized {
  Json record;
  Int elements = 0, samples = 1;
  Int second_copies = 0;
};

/// How often its elements come from DRAM: a maximum that is neither given nor measured on the way of the
/// tensor is read for, sums are, and codes are unless they are made on that way.
int reads_of(const Json& q, const Design& d) {
  const bool is_sawb = q["rule"].get<std::string>().starts_with("sawb");
  const bool is_further_sample = q.value("sample", 0) > 0;
  const bool is_hindsight = q.value("maximum", "measured") == "hindsight";
  int reads = 0;
  if (is_sawb) ++reads;                                                         // sums
  if (!is_sawb && !is_further_sample && !is_hindsight && !d.is_fused) ++reads;  // maximum
  if (is_sawb || is_further_sample || !(is_hindsight && d.is_fused)) ++reads;   // codes
  return reads;
}

/// Bytes; its events go into `e`.
double count_quantizer(const Quantized& quantized, const Design& d, Events& e,
                       std::vector<std::uint64_t>& requests) {
  const Json& q = quantized.record;
  const auto n = static_cast<double>(quantized.elements), all = n * static_cast<double>(quantized.samples);
  const auto request = [&](Int bytes) { requests.push_back(static_cast<std::uint64_t>(bytes)); };
  if (d.is_bf16) return 0;
  const std::string rule = q["rule"];
  auto& lanes = e["quantizer"];
  if (q.value("sample", 0) == 0) {
    lanes["absmax_fp32"] += n;
    lanes["flipflop_bit_clock"] += 31 * n;
  }
  if (rule.starts_with("sawb")) {
    lanes["int32_mul"] += n;
    lanes["int32_add"] += 2 * n;
    lanes["fp32_mul"] += n;
  } else {
    const Int bits = rule == "luq_fp4" ? q["random_bits"].get<Int>() : 0;
    lanes[bits == 16 ? "luq_lane_r16" : "luq_lane_r8"] += all;
    for (Int group = 0; group < std::max(d.sample_groups, Int{1}) && group < quantized.samples; ++group)
      if (q["alpha"] == "exact") lanes["fp32_mul"] += n;
    for (Int sample = 0; bits > 0 && sample < quantized.samples; ++sample)
      e["random_source"]["rng_" + d.random_source + "_16b"] +=
          static_cast<double>(round_up(quantized.elements * bits, 16));
  }
  double bytes = 0;
  for (int read = 0; read < reads_of(q, d); ++read) request(4 * quantized.elements), bytes += 4 * n;
  const Int written = round_up(quantized.elements * d.operand_bits, 8);
  for (Int copy = 0; copy < quantized.samples + quantized.second_copies; ++copy)
    request(written), bytes += static_cast<double>(written);
  return bytes;
}

/// The table of docs/energy.md, for the words that the tests use; beyond 4 MiB a power of the size.
double growth(Int width, const std::string& access, double kib, const std::string& column) {
  struct Row {
    Int width;
    const char* access;
    std::map<double, std::map<std::string, double>> at;
  };
  const std::vector<Row> rows = {{64,
                                  "read",
                                  {{1024, {{"low", 1.84}, {"value", 1.95}, {"high", 2.14}}},
                                   {4096, {{"low", 3.97}, {"value", 4.11}, {"high", 4.29}}}}},
                                 {64,
                                  "write",
                                  {{1024, {{"low", 1.88}, {"value", 2.04}, {"high", 2.12}}},
                                   {4096, {{"low", 3.46}, {"value", 3.92}, {"high", 3.99}}}}},
                                 {256,
                                  "read",
                                  {{1024, {{"low", 1.99}, {"value", 2.25}, {"high", 2.8}}},
                                   {4096, {{"low", 4.35}, {"value", 4.76}, {"high", 6.07}}}}},
                                 {256,
                                  "write",
                                  {{1024, {{"low", 1.68}, {"value", 2.11}, {"high", 2.53}}},
                                   {4096, {{"low", 2.86}, {"value", 3.58}, {"high", 3.83}}}}},
                                 {128,
                                  "read",
                                  {{1024, {{"low", 1.96}, {"value", 2.05}, {"high", 2.19}}},
                                   {4096, {{"low", 4.09}, {"value", 4.29}, {"high", 4.51}}}}},
                                 {128,
                                  "write",
                                  {{1024, {{"low", 1.72}, {"value", 1.96}, {"high", 2.01}}},
                                   {4096, {{"low", 3.28}, {"value", 3.7}, {"high", 3.77}}}}},
                                 {512,
                                  "read",
                                  {{1024, {{"low", 2.36}, {"value", 2.9}, {"high", 3.3}}},
                                   {4096, {{"low", 5.15}, {"value", 6.15}, {"high", 6.78}}}}},
                                 {512,
                                  "write",
                                  {{1024, {{"low", 1.39}, {"value", 1.74}, {"high", 2.26}}},
                                   {4096, {{"low", 2.36}, {"value", 3.44}, {"high", 3.52}}}}}};
  for (const Row& row : rows)
    if (row.width == width && row.access == access) {
      const double small = row.at.at(1024).at(column), big = row.at.at(4096).at(column);
      const std::map<std::string, double> powers = {{"low", 0.3}, {"value", 0.5}, {"high", 0.7}};
      if (kib > 4096) return big * std::pow(kib / 4096, powers.at(column));
      return small * std::pow(big / small, std::log(kib / 1024) / std::log(4.0));  // 1 to 4 MiB
    }
  throw std::invalid_argument("a word that this table does not have");
}

/// A word is what enters in one cycle; each pass sends all words, the last one perhaps with idle lanes. While
/// codes are made a word stands until all its samples are.
double quantizer_cycles(const Quantized& quantized, const Design& d) {
  const Json& q = quantized.record;
  Int words = 0, made = 0;
  for (Int sent = 0; sent < quantized.elements; sent += d.lanes) {
    ++words;
    for (Int sample = 0; sample < quantized.samples; sample += std::max(d.sample_groups, Int{1})) ++made;
  }
  const bool has_maximum =
      q.value("sample", 0) > 0 || q.value("maximum", "measured") == "hindsight" || d.is_fused;
  const Int quotient = 1 + 25 + 1, wide_quotient = 1 + 54 + 1,
            wide_product = 1 + 53 + 1;  // load, digits, round
  const Int maximum = has_maximum ? 0 : words + 1, sums = words + 2, codes = made + 2;
  if (q["rule"].get<std::string>().starts_with("sawb"))
    return static_cast<double>((d.is_fused ? 0 : words + 1) + sums + codes + 1 + 3 * wide_quotient +
                               3 * wide_product + 2 * quotient + 2);
  return static_cast<double>(maximum + 1 + quotient + codes);
}

/// What stands side by side in a word of the operand buffer: of an output-stationary left operand its m, of a
/// right one its n.
std::string side_by_side(const std::string& phase, const std::string& side) {
  static const std::map<std::string, std::string> dimensions = {{"forward left", "position"},
                                                                {"forward right", "output channel"},
                                                                {"backward_data left", "position"},
                                                                {"backward_data right", "input channel"},
                                                                {"backward_weight left", "input channel"},
                                                                {"backward_weight right", "output channel"}};
  return dimensions.at(phase + " " + side);
}

/// As the quantizers write it.
std::string written_side_by_side(const std::string& role) {
  return role == "weight" ? "output channel" : "position";
}

/// Tiles of side x side codes follow each other through the transposer, a row in each cycle; the last one has
/// to leave.
double transposer_cycles(double bytes, const Design& d) {
  Int cycles = 0;
  for (Int codes = static_cast<Int>(bytes) * 8 / d.operand_bits; codes > 0; codes -= d.side * d.side)
    cycles += d.side;
  return static_cast<double>(cycles == 0 ? 0 : cycles + d.side);
}

/// pJ of a word of one of the table's widths; between two sizes on the straight line of log(energy) over
/// log(size).
double price_of_word(const Json& table, Int width, double kib, const std::string& access,
                     const std::string& column) {
  std::map<double, double> sizes;
  for (const Json& word : table["sram"]["words"])
    if (word["width_bits"] == width) sizes[word["kib"]] = word[access][column];
  if (sizes.contains(kib)) return sizes[kib];
  if (kib > 256) return sizes[256] * growth(width, access, kib, column);
  const auto above = sizes.upper_bound(kib), below = std::prev(above);
  const double slope = std::log(above->second / below->second) / std::log(above->first / below->first);
  return below->second * std::exp(slope * std::log(kib / below->first));
}

/// A wire over a PE is as long as its side; a PE's share of the clock tree is 1.5 sides, charged in every
/// cycle and not in one of four, with buffers that take nothing, as much, or three times as much.
double price_over_pe(const Json& table, const std::string& constant, const std::string& column) {
  const double gates = std::stod(constant.substr(constant.find("_of_") + 4));
  const double side_mm = std::sqrt(gates * table["area"]["nand2"][column].get<double>()) / 1000;
  const double wire = table["rows"]["wire"][column].get<double>() * side_mm;
  if (constant.starts_with("wire")) return wire;
  return wire * 1.5 * 4 * std::map<std::string, double>{{"low", 1}, {"value", 2}, {"high", 4}}.at(column);
}

/// pJ of one event.
double price(const Json& table, const std::string& constant, const std::string& column) {
  if (constant.find("_over_pe_") != std::string::npos) return price_over_pe(table, constant, column);
  if (!constant.starts_with("sram_") || constant == "sram_leakage") return table["rows"][constant][column];
  const double kib = std::stod(constant.substr(5));
  const Int width = std::stoi(constant.substr(constant.find("kib_") + 4));
  const std::string access = constant.ends_with("read") ? "read" : "write";
  const auto of = [&](Int bits, const std::string& bound) {
    return price_of_word(table, bits, kib, access, bound);
  };
  if (width < 64) {
    const double share = static_cast<double>(width) / 64;
    if (column == "low") return share * of(64, column);
    if (column == "high") return of(64, column);
    const double slope = std::log2(of(128, column) / of(64, column));
    return of(64, column) * std::pow(share, std::min(1.0, std::max(0.0, slope)));
  }
  Int below = 64;
  while (2 * below <= width) below *= 2;
  if (below == width) return of(width, column);
  const double slope = std::log2(of(2 * below, column) / of(below, column));
  return of(below, column) * std::pow(static_cast<double>(width) / static_cast<double>(below), slope);
}

const std::map<std::string, std::string> bound_columns = {
    {"low", "low"}, {"nominal", "value"}, {"high", "high"}};

}  // namespace

Recount recount(const Json& manifest, const Json& config, const std::vector<Json>& tables) {
  const Design d = design_of(config);
  std::map<std::string, Json> quantizers;
  for (const Json& q : manifest["quantizers"]) quantizers[q["id"]] = q;
  const auto shape_of = [&](const Json& id) {
    return manifest["tensors"][quantizers.at(id)["codes"].get<std::string>()]["shape"];
  };
  std::set<std::string> used;
  std::map<std::string, std::set<std::string>> layouts;  // of each tensor, over all products
  std::map<Json, std::set<std::string>> gradients;       // the samples, by layer and step
  for (const Json& record : manifest["gemms"]) {
    if (record["pass"] != "train" || (d.pe == "int4" && record["phase"] != "forward")) continue;
    for (const std::string side : {"left", "right"})
      for (const Json& id : record[side]) {
        layouts[id].insert(side_by_side(record["phase"], side));
        if (quantizers.at(id)["role"] == "gradient") gradients[{record["layer"], record["step"]}].insert(id);
      }
  }
  Events all;
  Recount result;
  for (const Json& record : manifest["gemms"]) {
    if (record["pass"] != "train") continue;
    Json description;
    for (const Json& layer : manifest["layers"])
      if (layer["id"] == record["layer"]) description = layer;
    const std::string phase = record["phase"];
    if (d.pe == "int4" && phase != "forward") continue;  // one operand is FP4
    const Json left = shape_of(record["left"][0]), right = shape_of(record["right"][0]);
    const Json& input = phase == "backward_data" ? record["result_shape"] : left;
    const Json& output = phase == "forward"         ? record["result_shape"]
                         : phase == "backward_data" ? left
                                                    : right;
    Gemm gemm{phase,
              layer_of(description, input, output),
              record["m"],
              record["n"],
              record["k"],
              record["groups"],
              record["samples"]};
    Recounted& found = result.records.emplace_back(Recounted{description["name"], phase, {}, {}, {}});
    Figures& f = found.figures;
    for (const char* key : {"step", "m", "n", "k", "groups", "samples"}) f[key] = record[key];
    const Way way = count_tiles(gemm, d, f);
    count_compulsory(gemm, d, f);
    f["in_range_macs"] = terms_in_range(gemm);
    Events events;
    f["bytes_quantizer"] = 0;
    if (config.contains("quantizers")) f["quantizer_cycles"] = 0;
    if (d.side >= 0) f["transposer_cycles"] = 0;
    for (const std::string side : {"left", "right"}) {
      for (const std::string id : record[side]) {
        if (!used.insert(id).second) continue;
        Quantized now{quantizers.at(id)};
        now.elements = 1;
        for (const Json& extent : shape_of(id)) now.elements *= extent.get<Int>();
        if (d.side == 0 && layouts.at(id).size() == 2) now.second_copies = 1;
        if (d.sample_groups > 0 && now.record["role"] == "gradient") {
          const auto& samples = gradients.at({record["layer"], record["step"]});
          now.samples = static_cast<Int>(samples.size());
          used.insert(samples.begin(), samples.end());
        }
        f["bytes_quantizer"] += count_quantizer(now, d, events, found.quantizer_requests);
        if (d.lanes > 0) f["quantizer_cycles"] += quantizer_cycles(now, d);
      }
      const Json& role = quantizers.at(record[side][0])["role"];
      if (d.side > 0 && side_by_side(phase, side) != written_side_by_side(role))
        f["transposer_cycles"] += transposer_cycles(f["bytes_" + side], d);
    }
    if (d.side > 0 && f["transposer_cycles"] > 0)
      events["transposer"]["flipflop_bit_clock"] +=
          f["transposer_cycles"] * static_cast<double>(d.side * d.side * d.operand_bits);
    count_array(gemm, d, f, way, events);
    derive(d, f);
    f["longer_milliseconds"] = std::max(f["milliseconds"], f["dram_milliseconds"]);
    f["memory_bound"] = f["dram_milliseconds"] > f["milliseconds"] ? 1 : 0;
    for (const Json& table : tables)
      for (const auto& [bound, column] : bound_columns) {
        double& sum = f["energy_pj_" + table["name"].get<std::string>() + "_" + bound];
        for (const auto& [component, constants] : events)
          for (const auto& [constant, count] : constants) sum += count * price(table, constant, column);
      }
    found.events = events;
    for (const auto& [component, constants] : events)
      for (const auto& [constant, count] : constants) all[component][constant] += count;
    for (const auto& [name, value] : f) result.total[name] += value;
  }
  derive(d, result.total);
  for (const Json& table : tables)
    for (const auto& [component, constants] : all)
      for (const auto& [constant, count] : constants) {
        result.events[table["name"]][component][constant] = count;
        for (const auto& [bound, column] : bound_columns)
          result.energy_pj[table["name"]][component][bound] += count * price(table, constant, column);
      }
  return result;
}

}  // namespace quatrain::tests
