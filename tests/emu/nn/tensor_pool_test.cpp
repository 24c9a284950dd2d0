#include "emu/nn/tensor_pool.hpp"

#include <gtest/gtest.h>

namespace quatrain::emu {
namespace {

std::shared_ptr<Tensor> taken(TensorPool& pool, std::int64_t elements) {
  std::shared_ptr<Tensor> tensor = pool.take(static_cast<std::size_t>(elements));
  tensor->resize(1, {elements, 1, 1});
  return tensor;
}

TEST(TensorPool, GivesOutWhatCameBackAndNothingThatIsOut) {
  TensorPool pool;
  std::shared_ptr<Tensor> first = taken(pool, 100);
  const Tensor* const memory = first.get();
  const std::shared_ptr<Tensor> owner = first;
  first.reset();
  EXPECT_NE(taken(pool, 100).get(), memory) << "it has an owner yet";
  std::shared_ptr<Tensor> second = taken(pool, 50);
  const Tensor* const other = second.get();
  EXPECT_NE(other, memory);
  second.reset();
  EXPECT_EQ(taken(pool, 100).get(), other);
}

TEST(TensorPool, TakesTheSmallestThatFitsAndElseTheLargest) {
  TensorPool pool;
  std::shared_ptr<Tensor> small = taken(pool, 10), middle = taken(pool, 100), large = taken(pool, 1000);
  const Tensor *const s = small.get(), *const m = middle.get(), *const l = large.get();
  small.reset();
  large.reset();
  middle.reset();
  EXPECT_EQ(taken(pool, 11).get(), m);
  EXPECT_EQ(taken(pool, 10).get(), s);
  EXPECT_EQ(taken(pool, 101).get(), l);
  EXPECT_EQ(taken(pool, 2000).get(), l) << "the others would grow more";
}

}  // namespace
}  // namespace quatrain::emu
