#include "simt/matrix_functions.hpp"

#include <array>
#include <cstring>

namespace simt {
namespace {

struct Fragments {
  int c[4];
  unsigned a[4], b[2];
};
static_assert(sizeof(Fragments) <= WarpValues::most_bytes);

constexpr unsigned whole_warp = ~0U;

/// The product of the warp at once: gathered, multiplied, handed out again.
void multiply(WarpValues& values) {
  std::int8_t a[16][32], b[8][32];  // b by columns
  for (unsigned lane = 0; lane < warp_size; ++lane) {
    const auto own = values.get<Fragments>(lane);
    const unsigned g = lane / 4, t = lane % 4;
    for (unsigned i = 0; i < 4; ++i) std::memcpy(&a[g + i % 2 * 8][i / 2 * 16 + 4 * t], &own.a[i], 4);
    for (unsigned i = 0; i < 2; ++i) std::memcpy(&b[g][i * 16 + 4 * t], &own.b[i], 4);
  }
  for (unsigned lane = 0; lane < warp_size; ++lane) {
    auto own = values.get<Fragments>(lane);
    const unsigned g = lane / 4, t = lane % 4;
    for (unsigned i = 0; i < 4; ++i) {
      const std::int8_t *row = a[g + i / 2 * 8], *column = b[2 * t + i % 2];
      unsigned sum = static_cast<unsigned>(own.c[i]);
      for (unsigned k = 0; k < 32; ++k) sum += static_cast<unsigned>(row[k] * column[k]);
      own.c[i] = static_cast<int>(sum);
    }
    values.set(lane, own.c);
  }
}

/// The instruction is undefined unless every lane takes part.
void require_whole_warp(const WarpValues& values, const char* instruction, const Place& place) {
  if (values.present != whole_warp)
    fail(std::string("is in a warp of which not all lanes call ") + instruction, place);
}

template <unsigned count, bool is_transposed>
void load(unsigned (&r)[count], const void* row, const Place& place) {
  std::array<std::byte, 16> own{};
  if (lane_index() < 8 * count) {
    if (reinterpret_cast<std::uintptr_t>(row) % own.size() != 0)
      fail("gives ldmatrix a row that is not aligned to 16 bytes", place);
    note_read(row, own.size(), place);
    std::memcpy(own.data(), row, own.size());
  }
  const WarpValues& values = meet_warp(
      whole_warp, own.data(), own.size(),
      [](WarpValues& all) {
        std::uint16_t rows[8 * count][8];
        for (unsigned lane = 0; lane < 8 * count; ++lane) std::memcpy(rows[lane], all.of_lane[lane], 16);
        for (unsigned lane = 0; lane < warp_size; ++lane) {
          unsigned loaded[count];
          for (unsigned i = 0; i < count; ++i) {
            const unsigned line = lane / 4, first = lane % 4 * 2;
            const unsigned low = is_transposed ? rows[8 * i + first][line] : rows[8 * i + line][first];
            const unsigned high =
                is_transposed ? rows[8 * i + first + 1][line] : rows[8 * i + line][first + 1];
            loaded[i] = high << 16 | low;
          }
          all.set(lane, loaded);
        }
      },
      place);
  require_whole_warp(values, "ldmatrix", place);
  std::memcpy(r, values.of_lane[lane_index()], sizeof r);
}

}  // namespace

void mma_m16n8k32(int (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2], const Place& place) {
  Fragments own;
  std::memcpy(own.c, c, sizeof c);
  std::memcpy(own.a, a, sizeof a);
  std::memcpy(own.b, b, sizeof b);
  const WarpValues& values = meet_warp(whole_warp, &own, sizeof own, multiply, place);
  require_whole_warp(values, "mma_m16n8k32", place);
  std::memcpy(c, values.of_lane[lane_index()], sizeof c);
}

void ldmatrix_x1(unsigned (&r)[1], const void* row, const Place& place) { load<1, false>(r, row, place); }
void ldmatrix_x2(unsigned (&r)[2], const void* row, const Place& place) { load<2, false>(r, row, place); }
void ldmatrix_x4(unsigned (&r)[4], const void* row, const Place& place) { load<4, false>(r, row, place); }
void ldmatrix_x1_trans(unsigned (&r)[1], const void* row, const Place& place) {
  load<1, true>(r, row, place);
}
void ldmatrix_x2_trans(unsigned (&r)[2], const void* row, const Place& place) {
  load<2, true>(r, row, place);
}
void ldmatrix_x4_trans(unsigned (&r)[4], const void* row, const Place& place) {
  load<4, true>(r, row, place);
}

}  // namespace simt
