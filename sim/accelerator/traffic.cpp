#include "sim/accelerator/traffic.hpp"

#include "sim/accelerator/ceil_div.hpp"
#include "sim/accelerator/checked.hpp"
#include "sim/accelerator/mapping/left_elements.hpp"

#include <cstdlib>

namespace quatrain::sim {
namespace {

constexpr std::uint64_t fp32_bytes = 4;

}  // namespace

Traffic& Traffic::operator+=(const Traffic& other) {
  left_bytes = checked_sum(left_bytes, other.left_bytes);
  right_bytes = checked_sum(right_bytes, other.right_bytes);
  result_bytes = checked_sum(result_bytes, other.result_bytes);
  quantizer_bytes = checked_sum(quantizer_bytes, other.quantizer_bytes);
  accumulator_bytes = checked_sum(accumulator_bytes, other.accumulator_bytes);
  return *this;
}

Traffic traffic_of(const traces::Gemm& gemm, const Mapping& mapping, const OperandBuffers& buffers) {
  std::uint64_t left_bits = 0;
  for (const auto& [elements, panels] : LeftElements(gemm).panels(mapping.array.rows)) {
    const std::uint64_t bits = checked_product(elements, std::uint64_t{buffers.element_bits});
    const bool fits = bits <= buffers.half_bits;
    // The same rows come again after all rows: a panel stays only where it is the only one.
    const std::uint64_t visits = fits && mapping.row_tiles() == 1 ? 1 : mapping.column_tiles();
    left_bits = checked_sum(left_bits,
                            checked_product(panels, bits, visits, std::uint64_t{fits ? 1 : mapping.samples}));
  }
  const auto right_bits_of = [&](std::uint64_t columns) {
    const std::uint64_t bits =
        checked_product(columns, mapping.stream_length(), std::uint64_t{buffers.element_bits});
    return checked_product(bits, bits <= buffers.half_bits ? 1 : mapping.row_tiles());
  };
  const std::uint64_t full_panels = mapping.n() / mapping.array.columns,
                      last_columns = mapping.n() % mapping.array.columns;
  const std::uint64_t right_bits = checked_sum(
      checked_product(full_panels, right_bits_of(mapping.array.columns)), right_bits_of(last_columns));
  return {bytes_for(checked_product(mapping.groups(), left_bits)),
          bytes_for(checked_product(mapping.groups(), right_bits)),
          checked_product(mapping.groups(), mapping.m(), mapping.n(), std::uint64_t{buffers.result_bytes}), 0,
          0};
}

QuantizerTransfers transfers_of(const QuantizerWork& work, const PeKind& pe, const QuantizerDesign& design) {
  switch (pe.tensors) {
    case TensorForm::fp32:
      return {reads_of(work, design), fp32_bytes * work.elements, work.samples + work.second_copies,
              bytes_for(pe.operand_bits * work.elements)};
    case TensorForm::operands:
      return {};
  }
  std::abort();
}

std::uint64_t quantizer_bytes_of(const std::vector<QuantizerWork>& quantizers, const PeKind& pe,
                                 const QuantizerDesign& design) {
  std::uint64_t bytes = 0;
  for (const QuantizerWork& work : quantizers) {
    const QuantizerTransfers moved = transfers_of(work, pe, design);
    bytes += moved.reads * moved.read_bytes + moved.writes * moved.written_bytes;
  }
  return bytes;
}

}  // namespace quatrain::sim
