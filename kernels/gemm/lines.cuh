#pragma once
/// Lowering, eight codes at a time: pieces of 8 lines (rows m or columns n) by 8 values of k. In memory the
/// neighbours lie along k or across the lines; a word is loaded along them, and where that is across the
/// lines the piece is transposed. `is_linear` layers are matrices; convolutions have runs: lines of a plane
/// in the left operand, taps or planes in the right one.

#include "kernels/gemm/octet.cuh"
#include "kernels/gemm/walk.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

__host__ __device__ inline bool is_linear(const GemmShape& s) {
  return s.in_plane() == 1 && s.out_plane() == 1 && s.taps() == 1;
}

// Each source has octets(words, row, rows, at, count): words[i] becomes the `count` (1 to 8) codes of row
// row + i from position `at` on, for i below `rows` (1 to 8), and zero beyond.

/// Rows of a matrix, `pitch` elements apart.
struct MatrixRows {
  const std::uint8_t* codes;
  unsigned first;  ///< element of row 0, position 0
  unsigned pitch;

  __device__ void octets(Octet (&words)[octet_codes], int row, int rows, int at, int count) const {
    const unsigned element = first + static_cast<unsigned>(row) * pitch + static_cast<unsigned>(at);
    QUATRAIN_UNROLL
    for (int i = 0; i < octet_codes; ++i)
      words[i] =
          i < rows ? first_codes(octet_at(codes, element + static_cast<unsigned>(i) * pitch), count) : 0;
  }
};

/// Rows side by side in runs; the runs of a row are `apart` elements apart.
struct RunRows {
  const std::uint8_t* codes;
  unsigned first;  ///< element of row 0, position 0
  int run;
  unsigned apart;

  __device__ void octets(Octet (&words)[octet_codes], int row, int rows, int at, int count) const {
    QUATRAIN_UNROLL
    for (int i = 0; i < octet_codes; ++i) words[i] = 0;
    int within = at % run;
    unsigned begin = first + static_cast<unsigned>(at / run) * apart + static_cast<unsigned>(row * run);
    for (int done = 0; done < count;) {
      const int piece = run - within < count - done ? run - within : count - done;
      const unsigned element = begin + static_cast<unsigned>(within);
      QUATRAIN_UNROLL
      for (int i = 0; i < octet_codes; ++i)
        if (i < rows)
          words[i] |= first_codes(octet_at(codes, element + static_cast<unsigned>(i * run)), piece)
                      << (4 * done);
      done += piece;
      within = 0;
      begin += apart;
    }
  }
};

/// Windows of a convolution: rows are taps, positions are places of the plane (walk.cuh). Zero outside the
/// tensor.
template <Phase phase>
struct WindowRows {
  const GemmShape& s;
  const std::uint8_t* codes;
  int group;

  __device__ void octets(Octet (&words)[octet_codes], int row, int rows, int at, int count) const {
    const Spot<phase> spot(s, at);
    Tap tap(s, row);
    QUATRAIN_UNROLL
    for (int i = 0; i < octet_codes; ++i) {
      words[i] = i < rows ? octet(tap, spot, count) : 0;
      tap.step(s);
    }
  }

 private:
  static constexpr bool is_data = meets_gradient(phase);
  __device__ int height() const { return is_data ? s.out_height : s.height; }
  __device__ int width() const { return is_data ? s.out_width : s.width; }
  __device__ static bool is_inside(int coordinate, int size) {
    return static_cast<unsigned>(coordinate) < static_cast<unsigned>(size);
  }
  __device__ static int met(int spot, int tap, int stride, int padding) {
    return is_data ? divide_exactly(spot + padding - tap, stride) : spot * stride + tap - padding;
  }

  /// Piece by piece: what lies side by side in the tensor, or outside of it.
  __device__ Octet octet(const Tap& tap, Spot<phase> spot, int count) const {
    const unsigned channels = is_data ? s.out_channels : s.in_channels;
    const unsigned channel = group * (is_data ? s.group_out : s.group_in) + tap.channel;
    Octet codes_of_all = 0;
    for (int done = 0; done < count;) {
      const int y = met(spot.y, tap.i, s.stride_height, s.padding_height);
      const int x = met(spot.x, tap.j, s.stride_width, s.padding_width);
      const int left = min_of(Spot<phase>::plane_width(s) - spot.x, count - done);
      int piece = left;
      if (is_inside(y, height())) {
        if (s.stride_width != 1)
          piece = 1;
        else if (x < 0)
          piece = min_of(left, -x);
        else if (x < width())
          piece = min_of(left, width() - x);
        if (is_inside(x, width()))
          codes_of_all |=
              first_codes(octet_at(codes, ((spot.b * channels + channel) * height() + y) * width() + x),
                          piece)
              << (4 * done);
      }
      done += piece;
      spot.x += piece;
      if (spot.x == Spot<phase>::plane_width(s)) {
        --spot.x;
        spot.step(s);
      }
    }
    return codes_of_all;
  }
  __device__ static int min_of(int a, int b) { return a < b ? a : b; }
};

/// Lines `line` to line + 7, 8 values of k each, from a source whose rows are lines or, where
/// `rows_are_k`, values of k. What lies beyond `lines` and `depth` (from line and k on, 1 at least) is zero.
template <typename Source>
__device__ void load_piece(Octet (&words)[octet_codes], const Source& source, bool rows_are_k, int line,
                           int lines, int k, int depth) {
  const int line_count = lines < octet_codes ? lines : octet_codes;
  const int k_count = depth < octet_codes ? depth : octet_codes;
  if (rows_are_k) {
    source.octets(words, k, k_count, line, line_count);
    transpose(words);
  } else {
    source.octets(words, line, line_count, k, k_count);
  }
}

/// Whether a word of the left operand lies across the rows m, one for each k.
template <Phase phase>
__host__ __device__ bool left_rows_are_k(const GemmShape& s) {
  return is_linear(s) == k_counts_spots(phase);
}
/// Of the right operand: across the columns n.
template <Phase phase>
__host__ __device__ bool right_rows_are_k(const GemmShape& s) {
  return phase != Phase::forward && is_linear(s);
}

/// A piece of the left operand: lines are rows m.
template <Phase phase>
__device__ void load_left_piece(Octet (&words)[octet_codes], const GemmShape& s, const std::uint8_t* codes,
                                int group, int m, int lines, int k, int depth) {
  constexpr bool is_data = meets_gradient(phase);
  const bool rows_are_k = left_rows_are_k<phase>(s);
  if (is_linear(s)) {
    const MatrixRows rows{codes, static_cast<unsigned>(group * (is_data ? s.group_out : s.group_in)),
                          static_cast<unsigned>(is_data ? s.out_channels : s.in_channels)};
    load_piece(words, rows, rows_are_k, m, lines, k, depth);
  } else {
    load_piece(words, WindowRows<phase>{s, codes, group}, rows_are_k, m, lines, k, depth);
  }
}

/// A piece of the right operand of one sample: lines are columns n.
template <Phase phase>
__device__ void load_right_piece(Octet (&words)[octet_codes], const GemmShape& s, const std::uint8_t* codes,
                                 int group, int n, int lines, int k, int depth) {
  const auto out = static_cast<unsigned>(group * s.group_out);  // first channel of the group
  const bool rows_are_k = right_rows_are_k<phase>(s);
  if constexpr (phase == Phase::forward) {
    const auto pitch = static_cast<unsigned>(s.k);
    load_piece(words, MatrixRows{codes, out * pitch, pitch}, rows_are_k, n, lines, k, depth);
  } else if constexpr (phase == Phase::backward_data) {
    const auto apart = static_cast<unsigned>(s.group_in * s.taps());
    if (is_linear(s))
      load_piece(words, MatrixRows{codes, out * apart, apart}, rows_are_k, n, lines, k, depth);
    else
      load_piece(words, RunRows{codes, out * apart, s.taps(), apart}, rows_are_k, n, lines, k, depth);
  } else {
    static_assert(phase == Phase::backward_weight);
    const auto plane = static_cast<unsigned>(s.out_plane());
    const unsigned apart = static_cast<unsigned>(s.out_channels) * plane;
    if (is_linear(s))
      load_piece(words, MatrixRows{codes, out, apart}, rows_are_k, n, lines, k, depth);
    else
      load_piece(words, RunRows{codes, out * plane, s.out_plane(), apart}, rows_are_k, n, lines, k, depth);
  }
}

/// Cuts a stretch of `lines` lines by `depth` values of k into pieces and gives each thread of the block its
/// share: store(line, octet of k, words) for every piece, load(words, line, k offset) fills it where it is
/// inside. Neighbouring threads take pieces that are neighbours in memory.
template <int threads, int lines, int depth, typename Load, typename Store>
__device__ void for_pieces(bool rows_are_k, int lines_left, int depth_left, Load load, Store store) {
  static_assert(lines % octet_codes == 0 && depth % octet_codes == 0);
  constexpr int across = lines / octet_codes, along = depth / octet_codes;
  for (int piece = static_cast<int>(threadIdx.x); piece < across * along; piece += threads) {
    const int line = (rows_are_k ? piece % across : piece / along) * octet_codes;
    const int k = (rows_are_k ? piece / across : piece % along) * octet_codes;
    Octet words[octet_codes] = {};
    if (line < lines_left && k < depth_left) load(words, line, k);
    store(line, k / octet_codes, words);
  }
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
