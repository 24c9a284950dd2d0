#pragma once
/// What long work tells whoever waits for it. Libraries take a Progress&; only sim/ draws one, and only on a
/// terminal. begin() and update() may throw Interrupted: the user asked to stop. So call them often, and only
/// where work may be left.

#include <cstdint>
#include <string_view>

namespace quatrain::base {

class Progress {
 public:
  virtual ~Progress() = default;
  /// A new stretch of work of `total` units; the one before it is over.
  virtual void begin(std::string_view what, std::uint64_t total) = 0;
  /// `done` of the total are done; `note` is a short live figure ("loss 0.412").
  virtual void update(std::uint64_t done, std::string_view note = {}) = 0;
  virtual void finish() = 0;
};

class SilentProgress final : public Progress {
 public:
  void begin(std::string_view, std::uint64_t) override {}
  void update(std::uint64_t, std::string_view) override {}
  void finish() override {}
};

}  // namespace quatrain::base
