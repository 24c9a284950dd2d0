#ifndef QUATRAIN_KERNEL_ABI_H
#define QUATRAIN_KERNEL_ABI_H
/* clang-format off */
/* The C interface (application binary interface, ABI) between a kernel of yours and the program `quatrain`.
 *
 * A kernel is a shared library that exports one function, qt_kernel_entry. It returns a table of functions: one
 * multiplies 4-bit matrices, one quantizes. Either may be missing. `quatrain verify TRACE --kernel mine.so` loads
 * the library in a process of its own and asks it for every record of the trace. The results must have the
 * recorded bits. All pointers are host pointers, and the calls come one after the other.
 *
 * docs/numerics.md defines every number, and docs/guides/kernel.md leads from a template to "equal".
 * This file is C99 and C++, and includes stdint.h alone.
 *
 * ---- Codes ----
 * An operand is a tensor of 4-bit codes with one scale. An element's real value is (value of its code) x scale.
 *   QT_INT4      two's complement: codes 0 to 7 are 0 to 7, codes 8 to 15 are -8 to -1. Quantizers make no -8.
 *   QT_UINT4     0 to 15.
 *   QT_FP4_E3M0  sign and 3 exponent bits, no mantissa. Codes 0 to 7 are 0, 1, 2, 4, 8, 16, 32, 64, and codes
 *                9 to 15 are -1, -2, -4, -8, -16, -32, -64. Code 8 is no code and never occurs.
 * Codes are packed, two in a byte: element i stands in byte i / 2, in the low nibble if i is even. The unused
 * high nibble behind an odd count is 0.
 *
 * ---- Shapes ----
 * Tensors are row-major and stand in their natural shapes. No operand is lowered (im2col) or transposed.
 *   X, dX  [batch, in_channels, height, width]
 *   W, dW  [out_channels, in_channels / groups, kernel_height, kernel_width]
 *   Z, dZ  [batch, out_channels, out_height, out_width]
 * A linear layer has height = width = out_height = out_width = kernel_height = kernel_width = 1.
 *
 * ---- Products ----
 *   phase                     left  right  result  an accumulator is the sum of its terms over
 *   QT_PHASE_FORWARD          X     W      Z       c, i, j
 *   QT_PHASE_BACKWARD_DATA    dZ    W      dX      o, i, j
 *   QT_PHASE_BACKWARD_WEIGHT  X     dZ     dW      b, ho, wo
 * The terms are products of code values. s is the stride, p the padding, and c and o count within one group:
 *   forward          X[b, c, ho sh + i - ph, wo sw + j - pw]  W[o, c, i, j]
 *   backward_data    dZ[b, o, (h + ph - i) / sh, (w + pw - j) / sw]  W[o, c, i, j]
 *   backward_weight  X[b, c, ho sh + i - ph, wo sw + j - pw]  dZ[b, o, ho, wo]
 * A term whose index lies outside its tensor, or whose division leaves a remainder, is zero. The right operand of
 * QT_PHASE_BACKWARD_WEIGHT comes in 1 to 16 samples of one shape and scale. Their products are all
 * summed into the same accumulators. No sum leaves 32 bits.
 *
 * ---- Versions ----
 * Every structure begins with its own size. Later versions of this file only add members at the end. So a kernel
 * that was compiled with version 1 finds all members of version 1 at their places. */
/* clang-format on */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QT_KERNEL_ABI_VERSION 1u

/* The enumerations are stored as int32_t, so that their size depends on no compiler. */
enum qt_phase { QT_PHASE_FORWARD = 1, QT_PHASE_BACKWARD_DATA = 2, QT_PHASE_BACKWARD_WEIGHT = 3 };

enum qt_encoding { QT_INT4 = 11, QT_UINT4 = 12, QT_FP4_E3M0 = 13 };

/* How a tensor is quantized: docs/numerics.md section 4 (SAWB) and section 3 (LUQ and its control). */
enum qt_rule {
  QT_RULE_SAWB_INT4 = 21,  /* makes QT_INT4 */
  QT_RULE_SAWB_UINT4 = 22, /* makes QT_UINT4 */
  QT_RULE_LUQ_FP4 = 23,    /* makes QT_FP4_E3M0, with random draws */
  QT_RULE_NEAREST_FP4 = 24 /* makes QT_FP4_E3M0 */
};

/* How the scale of QT_FP4_E3M0 follows from the maximum (docs/numerics.md section 3, steps 4 and 5). */
enum qt_alpha { QT_ALPHA_EXACT = 31, QT_ALPHA_POW2 = 32 };

/* A hint. Every task comes twice, once in each order. A kernel that simulates its threads starts them in this
 * order; others ignore it. The results of both calls must be equal. */
enum qt_launch_order { QT_LAUNCH_ASCENDING = 41, QT_LAUNCH_DESCENDING = 42 };

/* What a function returns. A refused task is skipped, with its reason. A failed one counts as different. */
enum qt_status { QT_DONE = 0, QT_REFUSED = 51, QT_FAILED = 52 };

/* What a kernel gives besides accumulators, or besides codes and their scale. */
enum qt_capability {
  QT_GIVES_OUTPUT = 1, /* multiply: output and output_scale */
  QT_GIVES_FACTS = 2   /* quantize: max and the facts of its rule */
};

typedef struct qt_geometry {
  int64_t batch;
  int64_t in_channels, height, width;
  int64_t out_channels, out_height, out_width;
  int64_t kernel_height, kernel_width;
  int64_t stride_height, stride_width;
  int64_t padding_height, padding_width;
  int64_t groups;
} qt_geometry;

/* One matrix product. The operands are read-only, and writing to them ends the kernel. */
typedef struct qt_gemm_task {
  uint64_t struct_size;   /* sizeof(qt_gemm_task) */
  int32_t phase;          /* qt_phase */
  int32_t left_encoding;  /* qt_encoding */
  int32_t right_encoding; /* qt_encoding */
  int32_t launch_order;   /* qt_launch_order */
  qt_geometry geometry;
  float left_scale, right_scale;
  const uint8_t* left;         /* packed codes, 64-byte aligned */
  uint64_t left_bytes;         /* (elements + 1) / 2 */
  const uint8_t* const* right; /* right_samples pointers to packed codes, 64-byte aligned */
  uint64_t right_samples;      /* 1, or the samples of QT_PHASE_BACKWARD_WEIGHT */
  uint64_t right_bytes;        /* of one sample */
} qt_gemm_task;

typedef struct qt_gemm_result {
  uint64_t struct_size;       /* sizeof(qt_gemm_result) */
  int32_t* accumulators;      /* to be written: every element, in the natural shape of the result */
  uint64_t accumulator_count; /* elements of the result */
  /* To be written with QT_GIVES_OUTPUT; NULL without it. As many elements, in the same shape:
   * output = (float)accumulator x output_scale. output_scale = left_scale x right_scale, in
   * QT_PHASE_BACKWARD_WEIGHT then divided by right_samples. Each operation is rounded to float. */
  float* output;
  float output_scale;  /* to be written with QT_GIVES_OUTPUT */
  uint32_t text_bytes; /* room behind `text` */
  char* text;          /* to be written where the status is not QT_DONE: why, ended by a zero byte */
} qt_gemm_result;

/* One tensor to quantize. */
typedef struct qt_quantizer_task {
  uint64_t struct_size; /* sizeof(qt_quantizer_task) */
  int32_t rule;         /* qt_rule */
  int32_t alpha;        /* qt_alpha; QT_RULE_LUQ_FP4 and QT_RULE_NEAREST_FP4 */
  int32_t launch_order; /* qt_launch_order */
  /* QT_RULE_LUQ_FP4: what names the draws of this tensor (docs/numerics.md section 2, stream 0). */
  uint32_t random_bits; /* of one draw: 4, 8 or 16 */
  uint32_t seed, step, layer, sample;
  uint32_t has_maximum; /* 1: `maximum` takes the place of the measured one; 0: measure */
  float maximum;
  const float* source; /* 64-byte aligned, finite; without negative elements for QT_RULE_SAWB_UINT4 */
  uint64_t elements;
} qt_quantizer_task;

typedef struct qt_quantizer_result {
  uint64_t struct_size; /* sizeof(qt_quantizer_result) */
  uint8_t* codes;       /* to be written: every byte, packed */
  uint64_t code_bytes;  /* (elements + 1) / 2 */
  float scale;          /* to be written */
  /* To be written with QT_GIVES_FACTS: the measured maximum |x|, for every rule. */
  float max;
  /* Of QT_RULE_LUQ_FP4 and QT_RULE_NEAREST_FP4: the maximum that was used, before QT_ALPHA_POW2. */
  float max_used;
  /* Of QT_RULE_SAWB_INT4 and QT_RULE_SAWB_UINT4: the clip, p, and below n, S1, S2; 0 for a zero tensor. */
  float clip;
  int32_t exponent;
  uint32_t text_bytes; /* room behind `text` */
  uint64_t count, sum1, sum2;
  char* text; /* to be written where the status is not QT_DONE: why, ended by a zero byte */
} qt_quantizer_result;

typedef struct qt_kernel {
  uint64_t struct_size;  /* sizeof(qt_kernel) */
  uint32_t abi_version;  /* QT_KERNEL_ABI_VERSION */
  uint32_t capabilities; /* qt_capability, added */
  const char* name;      /* shown as what the results ran on: "tiled, 32 x 32 threads" */
  /* NULL where the kernel has none; at least one is there. They return a qt_status. */
  int32_t (*multiply)(const qt_gemm_task* task, qt_gemm_result* result);
  int32_t (*quantize)(const qt_quantizer_task* task, qt_quantizer_result* result);
} qt_kernel;

/* What the library exports. The table stays valid while the library is loaded. */
#if defined(__GNUC__)
#define QT_EXPORT __attribute__((visibility("default")))
#else
#define QT_EXPORT
#endif
QT_EXPORT const qt_kernel* qt_kernel_entry(void);

#ifdef __cplusplus
}
#endif

#endif
