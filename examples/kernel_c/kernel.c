/* A kernel for `quatrain verify --kernel`, in plain C99: the template to start from.
 *
 *   cc -std=c99 -O2 -ffp-contract=off -fPIC -shared -I PREFIX/include kernel.c -o mine.so -lm
 *   quatrain verify TRACE --kernel mine.so
 *
 * PREFIX is where quatrain was installed.
 * It multiplies as the text of quatrain/kernel_abi.h says it, term by term, in all three phases. Put your own
 * multiplication in its place. It quantizes by one rule and refuses the others, which is no error.
 * -ffp-contract=off matters: a fused multiply-add rounds once where two roundings are specified. */
#include <math.h>
#include <quatrain/kernel_abi.h>
#include <stdio.h>

static int code_at(const uint8_t* packed, int64_t element) {
  return element % 2 == 0 ? packed[element / 2] & 0xF : packed[element / 2] >> 4;
}

static int value_of(int32_t encoding, int code) {
  switch (encoding) {
    case QT_INT4:
      return code < 8 ? code : code - 16;
    case QT_UINT4:
      return code;
    default: { /* QT_FP4_E3M0 */
      const int exponent = code & 7;
      const int magnitude = exponent == 0 ? 0 : 1 << (exponent - 1);
      return code < 8 ? magnitude : -magnitude;
    }
  }
}

/* Walks over all (output, weight) pairs. The input x that both meet belongs to all three products: x w is a
 * term of Z, dZ w one of dX and x dZ one of dW. */
static void add_products(const qt_gemm_task* task, const uint8_t* right, int32_t* accumulators) {
  const qt_geometry* g = &task->geometry;
  const int64_t in = g->in_channels / g->groups, out = g->out_channels / g->groups;
  for (int64_t b = 0; b < g->batch; ++b)
    for (int64_t o = 0; o < g->out_channels; ++o)
      for (int64_t ho = 0; ho < g->out_height; ++ho)
        for (int64_t wo = 0; wo < g->out_width; ++wo)
          for (int64_t c = 0; c < in; ++c) /* within the group of o */
            for (int64_t i = 0; i < g->kernel_height; ++i)
              for (int64_t j = 0; j < g->kernel_width; ++j) {
                const int64_t channel = o / out * in + c;
                const int64_t h = ho * g->stride_height + i - g->padding_height;
                const int64_t w = wo * g->stride_width + j - g->padding_width;
                if (h < 0 || h >= g->height || w < 0 || w >= g->width) continue;
                const int64_t of_x = ((b * g->in_channels + channel) * g->height + h) * g->width + w;
                const int64_t of_w = ((o * in + c) * g->kernel_height + i) * g->kernel_width + j;
                const int64_t of_z = ((b * g->out_channels + o) * g->out_height + ho) * g->out_width + wo;
                const int is_backward_data = task->phase == QT_PHASE_BACKWARD_DATA;
                const int is_backward_weight = task->phase == QT_PHASE_BACKWARD_WEIGHT;
                const int64_t of_left = is_backward_data ? of_z : of_x;
                const int64_t of_right = is_backward_weight ? of_z : of_w;
                const int64_t of_result = is_backward_data ? of_x : is_backward_weight ? of_w : of_z;
                accumulators[of_result] += value_of(task->left_encoding, code_at(task->left, of_left)) *
                                           value_of(task->right_encoding, code_at(right, of_right));
              }
}

static int32_t multiply(const qt_gemm_task* task, qt_gemm_result* result) {
  float scale = task->left_scale * task->right_scale;
  for (uint64_t i = 0; i < result->accumulator_count; ++i) result->accumulators[i] = 0;
  for (uint64_t sample = 0; sample < task->right_samples; ++sample)
    add_products(task, task->right[sample], result->accumulators);
  if (task->phase == QT_PHASE_BACKWARD_WEIGHT) scale = scale / (float)task->right_samples;
  for (uint64_t i = 0; i < result->accumulator_count; ++i)
    result->output[i] = (float)result->accumulators[i] * scale;
  result->output_scale = scale;
  return QT_DONE;
}

/* y = |x| / alpha to the nearest magnitude 0, 1, 2, 4, ..., 64; ties go to the even exponent. */
static int nearest_exponent(float y) {
  int q = -1;
  float place = y; /* between two neighbours, 0 to 1 */
  if (y >= 64) return 7;
  if (y >= 1) {
    q = ilogbf(y);
    place = ldexpf(y, -q) - 1;
  }
  return place > 0.5F || (place == 0.5F && q % 2 == 0) ? q + 2 : q + 1;
}

static int32_t quantize(const qt_quantizer_task* task, qt_quantizer_result* result) {
  float inverse = 0;
  if (task->rule != QT_RULE_NEAREST_FP4 || task->alpha != QT_ALPHA_EXACT) {
    snprintf(result->text, result->text_bytes, "only nearest_fp4 with an exact alpha");
    return QT_REFUSED;
  }
  result->max = 0;
  for (uint64_t i = 0; i < task->elements; ++i)
    if (fabsf(task->source[i]) > result->max) result->max = fabsf(task->source[i]);
  result->max_used = task->has_maximum ? task->maximum : result->max;
  result->scale = 0;
  if (result->max_used >= ldexpf(1, -100)) {
    result->scale = ldexpf(result->max_used, -6);
    inverse = 64 / result->max_used;
  }
  for (uint64_t i = 0; i < result->code_bytes; ++i) result->codes[i] = 0;
  for (uint64_t i = 0; i < task->elements; ++i) {
    const int exponent = inverse == 0 ? 0 : nearest_exponent(fabsf(task->source[i]) * inverse);
    const int code = exponent != 0 && task->source[i] < 0 ? exponent + 8 : exponent;
    result->codes[i / 2] |= (uint8_t)(i % 2 == 0 ? code : code << 4);
  }
  return QT_DONE;
}

const qt_kernel* qt_kernel_entry(void) {
  static const qt_kernel kernel = {
      sizeof(qt_kernel), QT_KERNEL_ABI_VERSION, QT_GIVES_OUTPUT | QT_GIVES_FACTS, "template in C", multiply,
      quantize};
  return &kernel;
}
