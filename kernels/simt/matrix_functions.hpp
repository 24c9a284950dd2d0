#pragma once
/// Twins of the tensor cores' instructions. A whole warp calls them (".sync.aligned"). Which lane holds which
/// element: PTX ISA, "Matrix fragments for mma.m16n8k32" and "ldmatrix". With g = lane / 4 and t = lane % 4:
///   a  16 x 32 int8, four a register, the first in the lowest byte: a[0] row g, columns 4t..4t+3; a[1] row g
///   + 8;
///      a[2] and a[3] the same rows, columns 16 more
///   b  32 x 8 int8: b[0] rows 4t..4t+3 of column g, b[1] rows 16 more
///   c  16 x 8 int32: c[0], c[1] row g, columns 2t and 2t + 1; c[2], c[3] row g + 8
///   ldmatrix: lane 8 i + r gives the address of row r of matrix i, 16 bytes, aligned to 16. Of matrix i lane
///   4 r + t
///      gets the elements 2t and 2t + 1 of row r in r[i]; with _trans those of column r.

#include "simt/runtime.hpp"

namespace simt {

/// c += a b. The sums wrap as int32 does.
void mma_m16n8k32(int (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2],
                  const Place& place = Place::current());

void ldmatrix_x1(unsigned (&r)[1], const void* row, const Place& place = Place::current());
void ldmatrix_x2(unsigned (&r)[2], const void* row, const Place& place = Place::current());
void ldmatrix_x4(unsigned (&r)[4], const void* row, const Place& place = Place::current());
void ldmatrix_x1_trans(unsigned (&r)[1], const void* row, const Place& place = Place::current());
void ldmatrix_x2_trans(unsigned (&r)[2], const void* row, const Place& place = Place::current());
void ldmatrix_x4_trans(unsigned (&r)[4], const void* row, const Place& place = Place::current());

}  // namespace simt
