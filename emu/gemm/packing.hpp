#pragma once
/// Brings 4-bit codes into the words of a lowered product: the left tensor with its border, the right one as
/// panels, step by step, 8 or 16 columns of 4 lanes each.

#include "emu/gemm/tiling.hpp"
#include "emu/simd/aligned_vector.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace quatrain::emu {

/// Words of the left tensor: table[code] in each lane; table[0] in the border and in lanes that the tensor
/// does not fill.
class LeftPacker {
 public:
  LeftPacker(const traces::Gemm& gemm, const LeftLayout& layout, const ByteTable& table, SimdPath path)
      : gemm_(gemm), layout_(layout), table_(table), path_(path) {}

  void pack(std::span<const std::uint8_t> codes, base::ThreadPool& pool,
            AlignedVector<std::uint32_t>& words) const;

 private:
  using Lanes = std::array<const std::uint8_t*, 4>;

  /// Interleaves `planes` planes that follow each other in every lane. scratch: words of a plane.
  void pack_planes(const Lanes& lanes, std::size_t planes, std::vector<std::uint32_t>& scratch,
                   std::uint32_t* target) const;

  const traces::Gemm& gemm_;
  const LeftLayout& layout_;
  const ByteTable& table_;
  SimdPath path_;
};

/// Sums of the signed bytes of each column of a panel, over its steps and lanes, added to `sums`.
void add_column_sums(std::span<const std::uint32_t> panel, std::size_t width, SimdPath path,
                     std::int32_t* sums);

/// The panels of the right tensor, product by product. Lanes, columns and steps past the tensor's are 0.
class RightPacker {
 public:
  /// layouts: one for each product. All must outlive the packer.
  RightPacker(const traces::Gemm& gemm, const Lowering& lowering, const std::vector<PanelLayout>& layouts,
              const ByteTable& table, SimdPath path)
      : gemm_(gemm), lowering_(lowering), layouts_(layouts), table_(table), path_(path) {}

  void pack(std::span<const std::uint8_t> codes, base::ThreadPool& pool, std::uint32_t* words) const;

 private:
  std::size_t words_of_steps() const;
  /// W[o, c, i, j] of forward, columns o: the codes of a column lie in a row.
  void pack_rows(std::span<const std::uint8_t> codes, base::ThreadPool& pool, std::uint32_t* words) const;
  /// One of these rows; writes less than a vector behind it. scratch: for its codes and a vector of codes
  /// more.
  void pack_row(const std::uint8_t* codes, std::size_t channels, std::size_t taps,
                std::vector<std::uint8_t>& scratch, std::uint32_t* row) const;
  /// W[o, c] of backward_data, columns c, lanes o: the columns of a step lie in a line.
  void pack_lines(std::span<const std::uint8_t> codes, base::ThreadPool& pool, std::uint32_t* words) const;
  /// W[o, c, i, j] of backward_data.
  void pack_weight(const LoweredProduct& product, const Panel& panel, std::size_t word,
                   std::span<const std::uint8_t> codes, std::vector<std::uint32_t>& scratch,
                   std::uint32_t* panel_words) const;
  /// dZ[b, o, ho, wo]: columns are o, lanes images; the columns' planes are transposed, a few columns at a
  /// time.
  void pack_gradient(const LoweredProduct& product, const Panel& panel, std::size_t word,
                     std::span<const std::uint8_t> codes, std::vector<std::uint32_t>& scratch,
                     std::uint32_t* panel_words) const;

  const traces::Gemm& gemm_;
  const Lowering& lowering_;
  const std::vector<PanelLayout>& layouts_;
  const ByteTable& table_;
  SimdPath path_;
};

}  // namespace quatrain::emu
