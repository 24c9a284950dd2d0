#include "sim/conformance/codes.hpp"

#include "traces/encoding/nibbles.hpp"

#include <cassert>

namespace quatrain::sim {

using traces::Encoding;
using traces::Geometry;
using traces::Phase;

traces::Rule rule_making(Encoding encoding) {
  switch (encoding) {
    case Encoding::int4:
      return traces::Rule::sawb_int4;
    case Encoding::uint4:
      return traces::Rule::sawb_uint4;
    case Encoding::fp4_e3m0:
      return traces::Rule::luq_fp4;
    case Encoding::fp32:
    case Encoding::int32:
      break;
  }
  assert(false && "operands have 4 bits");
  return {};
}

Geometry linear_geometry(Phase phase, std::int64_t m, std::int64_t n, std::int64_t k) {
  Geometry g;
  switch (phase) {
    case Phase::forward:
      g.batch = m, g.out_channels = n, g.in_channels = k;
      break;
    case Phase::backward_data:
      g.batch = m, g.in_channels = n, g.out_channels = k;
      break;
    case Phase::backward_weight:
      g.in_channels = m, g.out_channels = n, g.batch = k;
      break;
  }
  return g;
}

Geometry with_output(Geometry g) {
  g.out_height = traces::output_size(g.height, g.kernel_height, g.stride_height, g.padding_height);
  g.out_width = traces::output_size(g.width, g.kernel_width, g.stride_width, g.padding_width);
  return g;
}

std::uint8_t code_of(Encoding encoding, int value) {
  const traces::CodeValues& values = traces::code_values(encoding);
  std::uint8_t code = 0;
  while (values[code] != value) ++code;
  return code;
}

std::uint8_t legal_or_zero(Encoding encoding, std::uint8_t code) {
  return traces::is_legal_code(encoding, code) ? code : std::uint8_t{0};
}

Codes random_codes(Encoding encoding, std::int64_t elements, std::mt19937& random) {
  Codes codes;
  codes.reserve(static_cast<std::size_t>(elements));
  while (codes.size() < static_cast<std::size_t>(elements)) {
    const auto code = static_cast<std::uint8_t>(random() >> 28);
    if (traces::is_legal_code(encoding, code)) codes.push_back(code);
  }
  return traces::pack_nibbles(codes);
}

Codes index_codes(std::int64_t elements, unsigned digit) {
  Codes codes;
  for (std::int64_t element = 0; element < elements; ++element) {
    std::int64_t index = element;
    for (unsigned d = 0; d < digit; ++d) index /= 14;
    const auto code = static_cast<std::uint8_t>(index % 14 + 1);
    codes.push_back(code < 8 ? code : static_cast<std::uint8_t>(code + 1));
  }
  return traces::pack_nibbles(codes);
}

Codes one_hot_codes(std::int64_t elements, std::int64_t slices) {
  Codes codes(static_cast<std::size_t>(elements));
  const std::int64_t size = elements / slices;
  for (std::int64_t slice = 0; slice < slices; ++slice)
    codes[static_cast<std::size_t>(slice * size + (slice * 7 + 3) % size)] = 1;
  return traces::pack_nibbles(codes);
}

LinearOperands linear_operands(const Mode& mode, const traces::GemmSize& size, const CodeOf& left,
                               const CodeOf& right) {
  // forward: X [m, k], W [n, k]; backward_data: dZ [m, k], W [k, n]; backward_weight: X [k, m], dZ [k, n]
  const bool left_begins_with_k = mode.phase == Phase::backward_weight;
  const bool right_begins_with_k = mode.phase != Phase::forward;
  const auto fill = [&](std::int64_t lines, bool begins_with_k, const CodeOf& code) {
    Codes codes(static_cast<std::size_t>(lines * size.k));
    for (std::int64_t line = 0; line < lines; ++line)
      for (std::int64_t k = 0; k < size.k; ++k)
        codes[static_cast<std::size_t>(begins_with_k ? k * lines + line : line * size.k + k)] = code(line, k);
    return traces::pack_nibbles(codes);
  };
  return {fill(size.m, left_begins_with_k, left), fill(size.n, right_begins_with_k, right)};
}

WideValues wide_row(const Mode& mode, std::int64_t row) {
  const int most = traces::largest_magnitude(mode.left);
  const int last = traces::code_values(mode.left)[static_cast<std::size_t>(row % 8)];
  const int sign = mode.left != Encoding::uint4 && row % 2 == 1 ? -1 : 1;
  return {sign * most, sign * last};
}

WideValues wide_column(const Mode& mode, std::int64_t column) {
  const int most = traces::largest_magnitude(mode.right);
  const int last = traces::code_values(mode.right)[static_cast<std::size_t>(column % 7 + 1)];
  const int sign = column / 2 % 2 == 1 ? -1 : 1;
  return {sign * most, sign * last};
}

std::int64_t wide_terms(const Mode& mode, std::int64_t magnitude) {
  const std::int64_t most = traces::largest_magnitude(mode.left) * traces::largest_magnitude(mode.right);
  return (magnitude + most) / most + 1;  // the last term takes off one of the largest at most
}

}  // namespace quatrain::sim
