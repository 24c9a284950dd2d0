#include "sim/accelerator/ports.hpp"

#include "sim/accelerator/ceil_div.hpp"
#include "sim/accelerator/technology.hpp"
#include "traces/base/error.hpp"

#include <algorithm>
#include <iterator>

namespace quatrain::sim {
namespace {

constexpr unsigned widest = *std::rbegin(sram_widths);

PortWords port(const AcceleratorConfig& config, std::uint64_t bits) {
  if (config.width_bits) return {*config.width_bits, ceil_div(bits, *config.width_bits)};
  const std::uint64_t words = ceil_div(bits, widest);
  return {static_cast<unsigned>(ceil_div(bits, words)), words};
}

}  // namespace

PortWords row_port(const AcceleratorConfig& config) {
  return port(config, std::uint64_t{config.array.rows} * config.pe->operand_bits);
}
PortWords column_port(const AcceleratorConfig& config) {
  return port(config, std::uint64_t{config.array.columns} * config.pe->operand_bits);
}
PortWords sum_port(const AcceleratorConfig& config) {
  return port(config, std::uint64_t{config.array.columns} * config.accumulator.result_bits());
}

void require_ports(const base::JsonNode& buffers, const AcceleratorConfig& config) {
  if (config.banks == 1 && !config.width_bits) return;
  const std::uint64_t left = row_port(config).words, right = column_port(config).words,
                      sums = sum_port(config).words;
  const std::uint64_t needed = config.unified_buffer ? left + right + sums : std::max({left, right, sums});
  if (needed <= config.banks) return;
  throw buffers.at(config.width_bits ? "width_bits" : "banks")
      .error("{} bank{} with words of {} bits; the array takes {} words of one memory in a cycle",
             config.banks, config.banks == 1 ? "" : "s", config.width_bits.value_or(widest), needed);
}

}  // namespace quatrain::sim
