/// Each mistake is made by the definitions of numerics.md section 6, literally
/// (tests/support/natural_terms.hpp), on the same few GEMMs; the diagnosis has to name it.
#include "sim/diagnosis/diagnosis.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/natural_terms.hpp"

#include <algorithm>
#include <cmath>

namespace quatrain::tests {
namespace {

using sim::ResultPlace;
using sim::diagnosis::Diagnosis;
using sim::diagnosis::DifferingGemm;
using sim::diagnosis::GemmDiagnoser;
using traces::Encoding;
using traces::Geometry;
using traces::Phase;

/// A GEMM with its codes one per byte, and the values that a mistaken kernel finds in it.
struct Task {
  GemmCase c;
  traces::GemmSize size;
  std::vector<std::uint8_t> left;
  std::vector<std::vector<std::uint8_t>> right;

  explicit Task(GemmCase gemm_case)
      : c(std::move(gemm_case)), size(gemm_size(c.gemm.phase, c.gemm.geometry)) {
    left = traces::unpack_nibbles(c.left,
                                  static_cast<std::size_t>(left_elements(c.gemm.phase, c.gemm.geometry)));
    for (const auto& codes : c.right)
      right.push_back(traces::unpack_nibbles(
          codes, static_cast<std::size_t>(right_elements(c.gemm.phase, c.gemm.geometry))));
  }
  int left_at(std::optional<std::int64_t> element) const {
    return element ? traces::code_values(c.left_encoding)[left[static_cast<std::size_t>(*element)]] : 0;
  }
  int right_at(std::size_t sample, std::int64_t element) const {
    return traces::code_values(c.right_encoding)[right[sample][static_cast<std::size_t>(element)]];
  }
  /// product(sample, left element, right element, k), summed.
  template <typename Product>
  std::int64_t sum(const ResultPlace& place, const Product& product) const {
    std::int64_t total = 0;
    for (std::size_t sample = 0; sample < right.size(); ++sample)
      for (std::int64_t k = 0; k < size.k; ++k)
        total += product(sample, left_element(c.gemm, place.group, place.row, k),
                         right_element(c.gemm, place.group, place.column, k), k);
    return total;
  }
  std::int64_t right_sum(const ResultPlace& place) const {
    return sum(place, [&](std::size_t s, auto l, std::int64_t r, std::int64_t) {
      return left_at(l) * right_at(s, r);
    });
  }
};

/// What a mistaken kernel gives for an element.
struct Mistake {
  std::string name, cause;
  std::function<std::int64_t(const Task&, const ResultPlace&)> accumulator;
};

Geometry conv(std::int64_t batch, std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t stride,
              std::int64_t padding, std::int64_t groups) {
  return with_output({.batch = batch,
                      .in_channels = in,
                      .height = size,
                      .width = size + 1,
                      .out_channels = out,
                      .kernel_height = 3,
                      .kernel_width = 2,
                      .stride_height = stride,
                      .stride_width = stride == 1 ? 1 : stride + 1,
                      .padding_height = padding,
                      .padding_width = padding,
                      .groups = groups});
}

std::vector<Task> tasks() {
  const std::vector<Geometry> geometries = {{.batch = 37, .in_channels = 45, .out_channels = 11},
                                            {.batch = 35, .in_channels = 70, .out_channels = 12},
                                            conv(3, 6, 10, 7, 1, 1, 2),
                                            conv(2, 5, 7, 9, 2, 2, 1)};
  std::vector<Task> all;
  unsigned seed = 1;
  for (const Mode& mode : five_modes)
    for (const Geometry& geometry : geometries)
      all.emplace_back(random_case({mode.phase, geometry}, mode.left, mode.right,
                                   mode.phase == Phase::backward_weight ? 2 : 1, seed++));
  // all that is large: sums of both signs beyond 16 bits
  for (const Mode& mode : {fp4_int4, uint4_fp4}) {
    const Geometry long_sum{.batch = mode.phase == Phase::backward_weight ? 400 : 6,
                            .in_channels = 10,
                            .out_channels = mode.phase == Phase::backward_weight ? 6 : 400};
    GemmCase c = random_case({mode.phase, long_sum}, mode.left, mode.right, 1, seed++);
    std::mt19937 random(seed);
    for (auto* codes : {&c.left, &c.right[0]})
      for (std::uint8_t& byte : *codes) byte = random() % 4 == 0 ? 0x77 : byte;
    all.emplace_back(std::move(c));
  }
  return all;
}

/// The diagnosis of a kernel with this mistake in every phase, after all records.
std::optional<Diagnosis> diagnosed(const Mistake& mistake) {
  static const std::vector<Task> all = tasks();
  GemmDiagnoser diagnoser;
  std::vector<DifferingGemm> equal;
  for (const Task& task : all) {
    const auto right = right_operands(task.c);
    DifferingGemm gemm = sim::diagnosis::differing_gemm("record", task.c.gemm, left_operand(task.c), right);
    for (std::int64_t element = 0; element < result_elements(task.c.gemm.phase, task.c.gemm.geometry);
         ++element) {
      const ResultPlace place = sim::place_of_result(task.c.gemm, element);
      gemm.expected.push_back(static_cast<std::int32_t>(task.right_sum(place)));
      gemm.got.push_back(static_cast<std::int32_t>(mistake.accumulator(task, place)));
    }
    if (gemm.expected == gemm.got)
      equal.push_back(std::move(gemm));
    else if (diagnoser.wants(scope_of(gemm)))
      diagnoser.add(gemm);
  }
  for (const DifferingGemm& gemm : equal)
    if (diagnoser.wants_equal(scope_of(gemm))) diagnoser.add_equal(gemm);
  return diagnoser.diagnosis();
}

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

class EveryMistake : public testing::TestWithParam<Mistake> {};

TEST_P(EveryMistake, IsNamedFirst) {
  const auto diagnosis = diagnosed(GetParam());
  ASSERT_TRUE(diagnosis) << "no record differs";
  EXPECT_EQ(diagnosis->cause, GetParam().cause) << diagnosis->evidence;
  const bool is_unknown = diagnosis->cause == sim::diagnosis::unknown_cause;
  EXPECT_EQ(diagnosis->explained, is_unknown ? 0 : diagnosis->records) << diagnosis->evidence;
}

using Element = std::optional<std::int64_t>;

template <typename Left, typename Right>
auto with(Left left, Right right) {
  return [=](const Task& t, const ResultPlace& p) {
    return t.sum(p, [&](std::size_t s, Element l, std::int64_t r, std::int64_t) {
      return left(t, l) * right(t, s, r);
    });
  };
}
constexpr auto same_left = [](const Task& t, Element l) { return t.left_at(l); };
constexpr auto same_right = [](const Task& t, std::size_t s, std::int64_t r) { return t.right_at(s, r); };

/// body(product, number) in the order of samples and k.
template <typename Body>
void in_order(const Task& t, const ResultPlace& p, const Body& body) {
  std::int64_t number = 0;
  t.sum(p, [&](std::size_t s, Element l, std::int64_t r, std::int64_t) {
    body(t.left_at(l) * t.right_at(s, r), number++);
    return 0;
  });
}

float in_fp16(float x) {  // 11 significant bits, to nearest even
  int exponent = 0;
  std::frexp(x, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(x, 11 - exponent)), exponent - 11);
}

std::vector<Mistake> mistakes() {
  const auto tail = [](std::int64_t tile) {
    return [tile](const Task& t, const ResultPlace& p) {
      return t.sum(p, [&](std::size_t s, Element l, std::int64_t r, std::int64_t k) {
        return k < t.size.k / tile * tile ? t.left_at(l) * t.right_at(s, r) : 0;
      });
    };
  };
  const auto swapped_right = [](const Task& t, std::size_t s, std::int64_t r) {
    const auto other = static_cast<std::size_t>(r ^ 1);
    return other < t.right[s].size() ? t.right_at(s, r ^ 1) : 0;
  };
  const auto swapped_left = [](const Task& t, Element l) {
    if (!l || static_cast<std::size_t>(*l ^ 1) >= t.left.size()) return 0;
    return t.left_at(*l ^ 1);
  };
  const auto code_of = [](const Task& t, Element l) { return l ? t.left[static_cast<std::size_t>(*l)] : 0; };
  return {
      {"tail_of_8", "k_tail.8", tail(8)},
      {"tail_of_32", "k_tail.32", tail(32)},
      {"swapped_left", "nibble_order.left", with(swapped_left, same_right)},
      {"swapped_right", "nibble_order.right", with(same_left, swapped_right)},
      {"swapped_both", "nibble_order.both", with(swapped_left, swapped_right)},
      {"sign_lost_right", "sign.right_lost",
       with(same_left,
            [](const Task& t, std::size_t s, std::int64_t r) { return std::abs(t.right_at(s, r)); })},
      {"magnitude_left", "sign.left_magnitude",
       with(
           [=](const Task& t, Element l) {
             const int code = code_of(t, l);
             if (t.c.left_encoding != Encoding::int4) return t.left_at(l);
             return code < 8 ? code : -(code - 8);
           },
           same_right)},
      {"code_five", "code_value.left_uint4_0x5_as_6",
       with(
           [=](const Task& t, Element l) {
             return t.left_at(l) + (t.c.left_encoding == Encoding::uint4 && code_of(t, l) == 5 ? 1 : 0);
           },
           same_right)},
      {"one_product", "product.pair_uint4_0x7_int4_0x7_+1",
       [=](const Task& t, const ResultPlace& p) {
         return t.sum(p, [&](std::size_t s, Element l, std::int64_t r, std::int64_t) {
           const bool is_it = t.c.left_encoding == Encoding::uint4 && t.c.right_encoding == Encoding::int4 &&
                              l && code_of(t, l) == 7 && t.right[s][static_cast<std::size_t>(r)] == 7;
           return t.left_at(l) * t.right_at(s, r) + (is_it ? 1 : 0);
         });
       }},
      {"int8_products", "product.int8_wrapped",
       [](const Task& t, const ResultPlace& p) {
         return t.sum(p, [&](std::size_t s, Element l, std::int64_t r, std::int64_t) {
           return static_cast<std::int8_t>(t.left_at(l) * t.right_at(s, r));
         });
       }},
      {"int16_sums", "accumulator.int16_wrapped",
       [](const Task& t, const ResultPlace& p) { return static_cast<std::int16_t>(t.right_sum(p)); }},
      {"int16_saturated", "accumulator.int16_saturated",
       [](const Task& t, const ResultPlace& p) {
         int sum = 0;
         in_order(t, p, [&](int product, std::int64_t) { sum = std::clamp(sum + product, -32768, 32767); });
         return sum;
       }},
      {"fp16_sums", "accumulator.fp16",
       [](const Task& t, const ResultPlace& p) {
         float sum = 0;
         in_order(t, p, [&](int product, std::int64_t) { sum = in_fp16(sum + static_cast<float>(product)); });
         return static_cast<std::int64_t>(sum);
       }},
      {"fp16_chunks", "accumulator.fp16_chunk_64",
       [](const Task& t, const ResultPlace& p) {
         float sum = 0, part = 0;
         in_order(t, p, [&](int product, std::int64_t number) {
           if (number % 64 == 0) sum += std::exchange(part, 0.0F);
           part = in_fp16(part + static_cast<float>(product));
         });
         return static_cast<std::int64_t>(sum + part);
       }},
      {"first_sample", "samples.first_only",
       with(same_left, [](const Task& t, std::size_t, std::int64_t r) { return t.right_at(0, r); })},
      {"lost_sample", "samples.last_dropped",
       with(same_left,
            [](const Task& t, std::size_t s, std::int64_t r) {
              return s > 0 && s + 1 == t.right.size() ? 0 : t.right_at(s, r);
            })},
      {"last_sample_alone", "samples.last_alone",
       with(same_left, [](const Task& t, std::size_t s,
                          std::int64_t r) { return s + 1 == t.right.size() ? t.right_at(s, r) : 0; })},
      {"last_term", "term.last_dropped",
       [](const Task& t, const ResultPlace& p) {
         return t.sum(p, [&](std::size_t s, Element l, std::int64_t r, std::int64_t k) {
           return k + 1 < t.size.k ? t.left_at(l) * t.right_at(s, r) : 0;
         });
       }},
      {"last_rows", "tile_edge.rows_32",
       [](const Task& t, const ResultPlace& p) { return p.row < t.size.m / 32 * 32 ? t.right_sum(p) : 0; }},
      {"last_columns", "tile_edge.columns_repeated_8",
       [](const Task& t, ResultPlace p) {
         if (p.column >= t.size.n / 8 * 8 && p.column >= 8) p.column -= 8;
         return t.right_sum(p);
       }},
      {"further_right", "index.right_shifted",
       with(same_left,
            [](const Task& t, std::size_t s, std::int64_t r) {
              return t.right_at(s, (r + 1) % static_cast<std::int64_t>(t.right[s].size()));
            })},
      {"transposed_weight", "transposition.right",
       with(same_left,
            [](const Task& t, std::size_t s, std::int64_t r) {
              const Geometry& g = t.c.gemm.geometry;
              const bool is_weight = t.c.gemm.phase != Phase::backward_weight;
              const std::int64_t rows = is_weight ? g.out_channels : g.batch;
              const std::int64_t columns = is_weight ? g.in_channels / g.groups : g.out_channels;
              const std::int64_t rest =
                  is_weight ? g.kernel_height * g.kernel_width : g.out_height * g.out_width;
              const std::int64_t row = r / rest / columns, column = r / rest % columns;
              return t.right_at(s, (column * rows + row) * rest + r % rest);
            })},
      {"uncleared", "stale.accumulator",
       [](const Task& t, ResultPlace p) {
         std::int64_t sum = 0;
         for (; p.column >= 0; --p.column) sum += t.right_sum(p);
         return sum;
       }},
      {"first_group", "geometry.groups",
       [](const Task& t, const ResultPlace& p) {
         std::int64_t sum = 0;
         for (std::size_t s = 0; s < t.right.size(); ++s)
           for (std::int64_t k = 0; k < t.size.k; ++k)
             sum += t.left_at(left_element(t.c.gemm, p.group, p.row, k)) *
                    t.right_at(s, right_element(t.c.gemm, 0, p.column, k));
         return sum;
       }},
      {"tail_of_8_in_even_columns", "unknown",  // what is equal speaks against it
       [=](const Task& t, const ResultPlace& p) {
         return p.column % 2 == 0 ? tail(8)(t, p) : t.right_sum(p);
       }},
      {"nothing_known", "unknown", [](const Task& t, const ResultPlace& p) {
         return t.right_sum(p) + (p.row * 7 + p.column * 3) % 5 - 2;
       }}};
}

INSTANTIATE_TEST_SUITE_P(All, EveryMistake, testing::ValuesIn(mistakes()),
                         [](const auto& mistake) { return mistake.param.name; });

/// The machine is right, and what the trace expects is not.
TEST(GemmDiagnosis, BlamesATraceThatItsOperandsContradict) {
  const Task task(random_case({Phase::forward, {.batch = 9, .in_channels = 21, .out_channels = 5}},
                              Encoding::int4, Encoding::int4, 1, 1));
  const auto right = right_operands(task.c);
  DifferingGemm gemm = sim::diagnosis::differing_gemm("record", task.c.gemm, left_operand(task.c), right);
  for (std::int64_t element = 0; element < 45; ++element)
    gemm.got.push_back(static_cast<std::int32_t>(task.right_sum(sim::place_of_result(task.c.gemm, element))));
  gemm.expected = gemm.got;
  gemm.expected[7] += 1;
  GemmDiagnoser diagnoser;
  diagnoser.add(gemm);
  EXPECT_EQ(diagnoser.diagnosis()->cause, sim::diagnosis::trace_cause);
}

}  // namespace
}  // namespace quatrain::tests
