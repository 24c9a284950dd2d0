#pragma once
/// Where the time of the training steps goes: seconds and calls of each operation. An operation inside
/// another one is not counted twice: its time is its own only.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::emu {

/// The operation that is a step: its time is what the others leave.
inline constexpr std::string_view whole_step = "between the operations";

struct ProfiledOperation {
  std::string name;
  double seconds = 0;
  std::int64_t calls = 0;
};

/// Of one thread, the one that runs the steps.
class StepProfile {
 public:
  void begin(std::string_view name) {
    const auto now = Clock::now();
    if (!open_.empty()) add(open_.back(), now);
    open_.push_back(index_of(name));
    since_ = now;
  }
  void end() {
    const auto now = Clock::now();
    add(open_.back(), now);
    ++operations_[open_.back()].calls;
    open_.pop_back();
    since_ = now;
  }
  /// In the order of their first calls.
  const std::vector<ProfiledOperation>& operations() const { return operations_; }

 private:
  using Clock = std::chrono::steady_clock;

  void add(std::size_t operation, Clock::time_point now) {
    operations_[operation].seconds += std::chrono::duration<double>(now - since_).count();
  }
  std::size_t index_of(std::string_view name) {
    for (std::size_t i = 0; i < operations_.size(); ++i)
      if (operations_[i].name == name) return i;
    operations_.push_back({.name = std::string(name)});
    return operations_.size() - 1;
  }

  std::vector<ProfiledOperation> operations_;
  std::vector<std::size_t> open_;  ///< the innermost last
  Clock::time_point since_;
};

/// An operation while it lives. `profile` may be null.
class ProfiledPart {
 public:
  ProfiledPart(StepProfile* profile, std::string_view name) : profile_(profile) {
    if (profile_ != nullptr) profile_->begin(name);
  }
  ~ProfiledPart() {
    if (profile_ != nullptr) profile_->end();
  }
  ProfiledPart(const ProfiledPart&) = delete;
  ProfiledPart& operator=(const ProfiledPart&) = delete;

 private:
  StepProfile* profile_;
};

}  // namespace quatrain::emu
