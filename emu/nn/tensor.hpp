#pragma once
/// Activations and gradients of a batch: fp32, row-major [batch, channels, height, width]. The values behind
/// a linear layer have height = width = 1; flattening changes no byte.

#include "emu/quant/magnitudes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace quatrain::emu {

/// Sizes of one sample.
struct Extent {
  std::int64_t channels = 1, height = 1, width = 1;
  constexpr std::int64_t elements() const { return channels * height * width; }
  constexpr std::int64_t plane() const { return height * width; }
  friend constexpr bool operator==(const Extent&, const Extent&) = default;
};

/// Of vectors whose every element is written before it is read: new ones are not made zero.
template <typename T>
struct UnwrittenMemory : std::allocator<T> {
  template <typename Other>
  struct rebind {
    using other = UnwrittenMemory<Other>;
  };
  template <typename Element, typename... Arguments>
  void construct(Element* at, Arguments&&... arguments) {
    if constexpr (sizeof...(Arguments) == 0)
      ::new (static_cast<void*>(at)) Element;
    else
      ::new (static_cast<void*>(at)) Element(std::forward<Arguments>(arguments)...);
  }
};

/// Keeps its memory when it becomes smaller, so that a short last batch costs nothing.
class Tensor {
 public:
  /// Comes before values are written, all of them: what was there means nothing.
  void resize(std::int64_t batch, const Extent& extent) {
    batch_ = batch;
    extent_ = extent;
    magnitudes_.reset();
    const auto count = static_cast<std::size_t>(batch * extent.elements());
    if (count > values_.capacity()) values_ = {};  // given back first, and nothing is copied
    values_.resize(count);
  }
  std::int64_t batch() const { return batch_; }
  const Extent& extent() const { return extent_; }
  std::size_t size() const { return values_.size(); }
  std::size_t capacity() const {
    return values_.capacity();
  }  ///< elements that it can have without new memory
  /// Of the values, where who wrote them found them in passing.
  const std::optional<Magnitudes>& magnitudes() const { return magnitudes_; }
  void keep_magnitudes(const std::optional<Magnitudes>& found) { magnitudes_ = found; }
  std::span<float> values() { return values_; }
  std::span<const float> values() const { return values_; }

 private:
  std::int64_t batch_ = 0;
  Extent extent_;
  std::optional<Magnitudes> magnitudes_;
  std::vector<float, UnwrittenMemory<float>> values_;
};

/// Elements of a piece (base::for_pieces) of an elementwise pass: about 10 microseconds.
inline constexpr std::size_t elementwise_piece = 32768;

}  // namespace quatrain::emu
