/* One kernel in C99 against quatrain/kernel_abi.h, written from docs/numerics.md, and the mistakes of
 * README.md in it. The build compiles it once for each name of `enum mistake`: -DWRONG=tail_of_8. WRONG=none
 * is right. */
#include <math.h>
#include <quatrain/kernel_abi.h>
#include <stdlib.h>
#include <string.h>

enum mistake {
  none,
  tail_of_8,
  int16_sums,
  fp16_sums,
  swapped_right,
  gradient_sign,
  sign_magnitude,
  transposed_weight,
  last_rows,
  padding_repeats,
  next_draw,
  half_away,
  sample_zero,
  /* drawn: site, kind, part */
  quantizer_off_by_one_sawb_uint4,
  multiplier_dropped_forward,
  multiplier_width_backward_weight,
  codec_off_by_one_backward_data,
  sample_doubled_backward_weight,
  sample_dropped_backward_weight,
  geometry_guard_forward,
  codec_width_forward,
  index_off_by_one_backward_weight,
  geometry_doubled_backward_data,
  draw_stale_luq_fp4,
  geometry_order_backward_data
};
static const enum mistake wrong = WRONG;

/* Whether this is the mistake, in a task of its phase. */
static int is_wrong(enum mistake mistake, const qt_gemm_task* task, int32_t phase) {
  return wrong == mistake && task->phase == phase;
}

/* ---- Codes ---- */

static unsigned nibble(const uint8_t* bytes, int64_t index) {
  return bytes[index / 2] >> (index % 2 * 4) & 0xF;
}

static int value_of(int32_t encoding, unsigned code) {
  const int magnitude = (code & 7) == 0 ? 0 : 1 << ((code & 7) - 1);
  switch (encoding) {
    case QT_INT4:
      if (wrong == sign_magnitude) return code < 8 ? (int)code : -(int)(code & 7);
      return code < 8 ? (int)code : (int)code - 16;
    case QT_UINT4:
      return (int)code;
    default:
      return code < 8 || wrong == gradient_sign ? magnitude : -magnitude;
  }
}

static int left_value(const qt_gemm_task* task, int64_t index) {
  unsigned code = nibble(task->left, index);
  if (is_wrong(codec_off_by_one_backward_data, task, QT_PHASE_BACKWARD_DATA) && code == 5) code = 6;
  return value_of(task->left_encoding, code);
}

static int right_value(const qt_gemm_task* task, uint64_t sample, int64_t index) {
  if (wrong == swapped_right) index ^= 1; /* behind an odd count stands a nibble 0 */
  if (is_wrong(index_off_by_one_backward_weight, task, QT_PHASE_BACKWARD_WEIGHT)) ++index;
  if (is_wrong(sample_doubled_backward_weight, task, QT_PHASE_BACKWARD_WEIGHT)) sample = 0;
  const unsigned code = nibble(task->right[sample], index);
  if (is_wrong(multiplier_dropped_forward, task, QT_PHASE_FORWARD) && code == 1) return 0;
  if (is_wrong(codec_width_forward, task, QT_PHASE_FORWARD)) return (int)code;
  return value_of(task->right_encoding, code);
}

/* ---- Sums ---- */

/* One accumulator, k ascending. */
typedef struct sum {
  int32_t whole;
  double part, total; /* fp16_sums */
  int64_t terms;
} sum;

/* To nearest, ties to even, with so many significant bits. */
static double rounded(double x, int bits) {
  int exponent;
  frexp(x, &exponent);
  return x == 0 ? 0 : ldexp(rint(ldexp(x, bits - exponent)), exponent - bits);
}

static void add(const qt_gemm_task* task, sum* s, int product) {
  if (is_wrong(multiplier_width_backward_weight, task, QT_PHASE_BACKWARD_WEIGHT)) product = (int8_t)product;
  if (wrong == int16_sums) {
    s->whole = (int16_t)(s->whole + product);
  } else if (wrong == fp16_sums) {
    if (s->terms % 32 == 0) {
      s->total = rounded(s->total + s->part, 24);
      s->part = 0;
    }
    s->part = rounded(s->part + product, 11);
  } else {
    s->whole += product;
  }
  ++s->terms;
}

static int32_t finished(const sum* s) {
  return wrong == fp16_sums ? (int32_t)rounded(s->total + s->part, 24) : s->whole;
}

/* ---- Products ---- */

/* Where one result element stands. Channels count over all groups. */
typedef struct place {
  int64_t b, c, o, y, x, i, j; /* y, x: of Z or dX */
  int64_t row;                 /* m */
} place;

static int64_t x_index(const qt_geometry* g, int64_t b, int64_t c, int64_t h, int64_t w) {
  return ((b * g->in_channels + c) * g->height + h) * g->width + w;
}
static int64_t z_index(const qt_geometry* g, int64_t b, int64_t o, int64_t h, int64_t w) {
  return ((b * g->out_channels + o) * g->out_height + h) * g->out_width + w;
}
static int64_t w_index(const qt_gemm_task* task, int64_t o, int64_t c, int64_t i, int64_t j) {
  const qt_geometry* g = &task->geometry;
  if (is_wrong(geometry_doubled_backward_data, task, QT_PHASE_BACKWARD_DATA))
    o %= g->out_channels / g->groups;
  if (is_wrong(geometry_order_backward_data, task, QT_PHASE_BACKWARD_DATA)) {
    i = g->kernel_height - 1 - i;
    j = g->kernel_width - 1 - j;
  }
  const int64_t in = g->in_channels / g->groups;
  if (wrong == transposed_weight)
    return ((c % in * g->out_channels + o) * g->kernel_height + i) * g->kernel_width + j;
  return ((o * in + c % in) * g->kernel_height + i) * g->kernel_width + j;
}

static int64_t limited(int64_t value, int64_t size) {
  return value < 0 ? 0 : value >= size ? size - 1 : value;
}

/* X where the window of (ho, wo) has its tap (i, j). */
static int input_met(const qt_gemm_task* task, int64_t b, int64_t c, int64_t ho, int64_t wo, int64_t i,
                     int64_t j) {
  const qt_geometry* g = &task->geometry;
  int64_t h = ho * g->stride_height + i - g->padding_height, w = wo * g->stride_width + j - g->padding_width;
  if (wrong == padding_repeats || is_wrong(geometry_guard_forward, task, QT_PHASE_FORWARD)) {
    h = limited(h, g->height);
    w = limited(w, g->width);
  }
  if (h < 0 || h >= g->height || w < 0 || w >= g->width) return 0;
  return left_value(task, x_index(g, b, c, h, w));
}

/* dZ of the window that has (h, w) under its tap (i, j). */
static int gradient_met(const qt_gemm_task* task, int64_t b, int64_t o, int64_t h, int64_t w, int64_t i,
                        int64_t j) {
  const qt_geometry* g = &task->geometry;
  const int64_t y = h + g->padding_height - i, x = w + g->padding_width - j;
  const int64_t ho = y / g->stride_height, wo = x / g->stride_width;
  if (y < 0 || x < 0 || y % g->stride_height != 0 || x % g->stride_width != 0) return 0;
  if (ho >= g->out_height || wo >= g->out_width) return 0;
  return left_value(task, z_index(g, b, o, ho, wo));
}

static int32_t multiply_one(const qt_gemm_task* task, const place* p) {
  const qt_geometry* g = &task->geometry;
  const int64_t in = g->in_channels / g->groups, out = g->out_channels / g->groups;
  const int64_t taps = g->kernel_height * g->kernel_width;
  sum s = {0, 0, 0, 0};
  const uint64_t samples = task->right_samples -
                           (is_wrong(sample_dropped_backward_weight, task, QT_PHASE_BACKWARD_WEIGHT) ? 1 : 0);
  for (uint64_t sample = 0; sample < samples; ++sample) {
    int64_t k = 0, end = 0, a, i, j;
    switch (task->phase) {
      case QT_PHASE_FORWARD: {
        const int64_t first = p->o / out * in;
        end = in * taps;
        if (wrong == tail_of_8) end -= end % 8;
        for (a = first; a < first + in; ++a)
          for (i = 0; i < g->kernel_height; ++i)
            for (j = 0; j < g->kernel_width; ++j, ++k)
              if (k < end)
                add(task, &s,
                    input_met(task, p->b, a, p->y, p->x, i, j) *
                        right_value(task, sample, w_index(task, p->o, a, i, j)));
        break;
      }
      case QT_PHASE_BACKWARD_DATA: {
        const int64_t first = p->c / in * out;
        end = out * taps;
        if (wrong == tail_of_8) end -= end % 8;
        for (a = first; a < first + out; ++a)
          for (i = 0; i < g->kernel_height; ++i)
            for (j = 0; j < g->kernel_width; ++j, ++k)
              if (k < end)
                add(task, &s,
                    gradient_met(task, p->b, a, p->y, p->x, i, j) *
                        right_value(task, sample, w_index(task, a, p->c, i, j)));
        break;
      }
      default: {
        end = g->batch * g->out_height * g->out_width;
        if (wrong == tail_of_8) end -= end % 8;
        for (a = 0; a < g->batch; ++a)
          for (i = 0; i < g->out_height; ++i)
            for (j = 0; j < g->out_width; ++j, ++k)
              if (k < end)
                add(task, &s,
                    input_met(task, a, p->c, i, j, p->i, p->j) *
                        right_value(task, sample, z_index(g, a, p->o, i, j)));
        break;
      }
    }
  }
  return finished(&s);
}

/* Rows of one group: m. */
static int64_t rows_of(const qt_gemm_task* task) {
  const qt_geometry* g = &task->geometry;
  switch (task->phase) {
    case QT_PHASE_FORWARD:
      return g->batch * g->out_height * g->out_width;
    case QT_PHASE_BACKWARD_DATA:
      return g->batch * g->height * g->width;
    default:
      return g->in_channels / g->groups * g->kernel_height * g->kernel_width;
  }
}

static place place_of(const qt_gemm_task* task, int64_t element) {
  const qt_geometry* g = &task->geometry;
  const int64_t in = g->in_channels / g->groups, out = g->out_channels / g->groups;
  place p = {0, 0, 0, 0, 0, 0, 0, 0};
  if (task->phase == QT_PHASE_BACKWARD_WEIGHT) {
    p.j = element % g->kernel_width;
    p.i = element / g->kernel_width % g->kernel_height;
    p.o = element / (in * g->kernel_height * g->kernel_width);
    p.row = element % (in * g->kernel_height * g->kernel_width);
    p.c = element / (g->kernel_width * g->kernel_height) % in + p.o / out * in;
  } else {
    const int forward = task->phase == QT_PHASE_FORWARD;
    const int64_t height = forward ? g->out_height : g->height, width = forward ? g->out_width : g->width;
    const int64_t channels = forward ? g->out_channels : g->in_channels;
    const int64_t channel = element / (height * width) % channels;
    p.x = element % width;
    p.y = element / width % height;
    p.b = element / (height * width * channels);
    p.row = (p.b * height + p.y) * width + p.x;
    if (forward)
      p.o = channel;
    else
      p.c = channel;
  }
  return p;
}

static int32_t multiply(const qt_gemm_task* task, qt_gemm_result* result) {
  const int64_t rows = rows_of(task);
  const float both = task->left_scale * task->right_scale;
  const float scale = task->phase == QT_PHASE_BACKWARD_WEIGHT ? both / (float)task->right_samples : both;
  for (uint64_t i = 0; i < result->accumulator_count; ++i) {
    const place p = place_of(task, (int64_t)i);
    int32_t accumulator = multiply_one(task, &p);
    if (wrong == last_rows && p.row >= rows - rows % 32) accumulator = 0;
    result->accumulators[i] = accumulator;
    result->output[i] = (float)accumulator * scale;
  }
  result->output_scale = scale;
  return QT_DONE;
}

/* ---- Random draws ---- */

static void philox(uint32_t c[4], uint32_t k0, uint32_t k1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = (uint64_t)0xD2511F53u * c[0], p1 = (uint64_t)0xCD9E8D57u * c[2];
    const uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ k0, (uint32_t)p1,
                              (uint32_t)(p0 >> 32) ^ c[3] ^ k1, (uint32_t)p0};
    memcpy(c, next, sizeof next);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

static uint32_t draw(const qt_quantizer_task* task, uint64_t element) {
  if (wrong == next_draw) ++element;
  const uint64_t in_block = 128 / task->random_bits, in_word = 32 / task->random_bits;
  const uint64_t j = element % in_block;
  uint32_t c[4] = {(uint32_t)(element / in_block), task->step - (wrong == draw_stale_luq_fp4), task->layer,
                   wrong == sample_zero ? 0 : task->sample};
  philox(c, task->seed, 0);
  return c[j / in_word] >> (j % in_word * task->random_bits) & ((1u << task->random_bits) - 1);
}

/* ---- Quantizers ---- */

static float largest(const qt_quantizer_task* task) {
  float max = 0;
  for (uint64_t i = 0; i < task->elements; ++i) max = fmaxf(max, fabsf(task->source[i]));
  return max;
}

static void write_code(qt_quantizer_result* result, uint64_t element, unsigned code) {
  uint8_t* byte = &result->codes[element / 2];
  *byte = (uint8_t)(element % 2 == 0 ? code : *byte | code << 4);
}

/* e of a magnitude in steps. */
static unsigned exponent_of(const qt_quantizer_task* task, uint64_t element, float y) {
  if (y >= 64) return 7;
  int exponent = 0;
  double gap = (double)y;
  if (y >= 1) gap = 2 * frexp((double)y, &exponent) - 1; /* y = (1 + gap) 2^(exponent - 1) */
  const unsigned lower = y >= 1 ? (unsigned)exponent : 0;
  int up;
  if (task->rule == QT_RULE_LUQ_FP4)
    up = gap >= ldexp(2.0 * draw(task, element) + 1, -(int)task->random_bits - 1);
  else
    up = gap > 0.5 || (gap == 0.5 && (lower + 1) % 2 == 0);
  return lower + (unsigned)up;
}

static void quantize_fp4(const qt_quantizer_task* task, qt_quantizer_result* result) {
  float range = task->has_maximum ? task->maximum : result->max;
  result->max_used = range;
  result->scale = 0;
  const int is_zero = range < 0x1p-100f;
  if (!is_zero && task->alpha == QT_ALPHA_POW2) {
    int exponent;
    if (frexpf(range, &exponent) != 0.5f) range = ldexpf(1, exponent);
  }
  const float inverse = is_zero ? 0 : 64 / range;
  if (!is_zero) result->scale = range / 64;
  for (uint64_t i = 0; i < task->elements; ++i) {
    const unsigned e = is_zero ? 0 : exponent_of(task, i, fabsf(task->source[i]) * inverse);
    write_code(result, i, e != 0 && task->source[i] < 0 ? e | 8 : e);
  }
}

/* Section 4, steps 3 to 6. */
static float clip_of(const qt_quantizer_task* task, qt_quantizer_result* result, int is_signed) {
  frexpf(result->max, &result->exponent);
  for (uint64_t i = 0; i < task->elements; ++i) {
    const uint64_t m = (uint64_t)rint(ldexp(fabs((double)task->source[i]), 16 - result->exponent));
    result->sum1 += m;
    result->sum2 += m * m;
    result->count += is_signed || m > 0;
  }
  const double a = (double)result->sum2 / (double)result->count,
               b = (double)result->sum1 / (double)result->count;
  const double first = (is_signed ? 12.035 : 11.5) * sqrt(a), second = (is_signed ? 12.03 : 10.25) * b;
  const double c = first - second;
  const float clip = (float)ldexp(c, result->exponent - 16);
  if (!(clip >= 0x1p-100f) || !(clip <= result->max) || (is_signed && 2 * c < 3 * b)) return result->max;
  return clip;
}

static float whole(const qt_quantizer_task* task, float y) {
  const int is_uint4 = task->rule == QT_RULE_SAWB_UINT4;
  return wrong == half_away || (wrong == quantizer_off_by_one_sawb_uint4 && is_uint4) ? roundf(y) : rintf(y);
}

static void quantize_sawb(const qt_quantizer_task* task, qt_quantizer_result* result) {
  const int is_signed = task->rule == QT_RULE_SAWB_INT4;
  const float top = is_signed ? 7 : 15, bottom = is_signed ? -7 : 0;
  const int is_zero = result->max < 0x1p-100f;
  result->exponent = 0;
  result->count = result->sum1 = result->sum2 = 0;
  result->clip = result->scale = 0;
  if (!is_zero) {
    result->clip = clip_of(task, result, is_signed);
    result->scale = result->clip / top;
  }
  const float inverse = is_zero ? 0 : top / result->clip;
  for (uint64_t i = 0; i < task->elements; ++i) {
    const float code = fminf(fmaxf(whole(task, task->source[i] * inverse), bottom), top);
    write_code(result, i, (unsigned)(int)code & 0xF);
  }
}

static int32_t quantize(const qt_quantizer_task* task, qt_quantizer_result* result) {
  result->max = largest(task);
  if (task->rule == QT_RULE_SAWB_INT4 || task->rule == QT_RULE_SAWB_UINT4)
    quantize_sawb(task, result);
  else
    quantize_fp4(task, result);
  return QT_DONE;
}

const qt_kernel* qt_kernel_entry(void) {
  static const qt_kernel kernel = {.struct_size = sizeof(qt_kernel),
                                   .abi_version = QT_KERNEL_ABI_VERSION,
                                   .capabilities = QT_GIVES_OUTPUT | QT_GIVES_FACTS,
                                   .name = "wrong on purpose",
                                   .multiply = multiply,
                                   .quantize = quantize};
  return &kernel;
}
