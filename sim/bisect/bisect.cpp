#include "sim/bisect/bisect.hpp"

#include "sim/bisect/elements.hpp"
#include "traces/base/joined.hpp"

#include <algorithm>
#include <bit>
#include <set>

namespace quatrain::sim::bisect {
namespace {

/// Steps in which the runs can have parted: all before `from` are equal, step `until` differs.
struct Stretch {
  std::int64_t from = 0;
  std::optional<std::int64_t> until;
  void equal_after(std::int64_t updates) { from = std::max(from, updates); }
  void differs_in(std::int64_t step) {
    if (!until || step < *until) until = step;
  }
};

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

std::vector<std::string> differing_tensors(const emu::HashTable& a, const emu::HashRow& row_a,
                                           const emu::HashRow& row_b) {
  std::vector<std::string> tensors;
  for (std::size_t i = 0; i < a.tensors.size(); ++i)
    if (row_a.hashes[i] != row_b.hashes[i]) tensors.push_back(a.tensors[i]);
  return tensors;
}

class Search {
 public:
  Search(const RecordedRun& a, const RecordedRun& b, const Repeat& repeat)
      : a_(a), b_(b), repeat_(repeat), common_(std::ssize(std::min(a.losses, b.losses, shorter))) {}

  Bisection run() {
    if (const auto keys = differing_keys(a_, b_); !keys.empty()) {
      differ("the configs differ, so these are two runs:");
      for (const std::string& key : keys) say("  config.json {}", key);
      return found_;
    }
    if (const auto data = differing_data(a_, b_)) {
      differ("the data differ, so these are two runs:");
      say("  {}", *data);
      return found_;
    }
    const Stretch stretch = compare_files();
    if (!stretch.until) {
      say_equal();
      return found_;
    }
    say_first(stretch);
    if (is_own_checkpoint_of_both(stretch.from) && repeat_) repeat_steps(stretch);
    return found_;
  }

 private:
  static bool shorter(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() < b.size();
  }
  template <typename... Args>
  void say(fmt::format_string<Args...> text, Args&&... args) {
    found_.lines.push_back(fmt::format(text, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void differ(fmt::format_string<Args...> text, Args&&... args) {
    found_.is_equal = false;
    say(text, std::forward<Args>(args)...);
  }

  Stretch compare_files() const {
    Stretch stretch;
    for (std::int64_t step = 0; step < common_; ++step)
      if (const auto i = static_cast<std::size_t>(step); !same_bits(a_.losses[i], b_.losses[i])) {
        stretch.differs_in(step);
        break;
      }
    if (a_.hashes.tensors == b_.hashes.tensors)
      for (const emu::HashRow& row : a_.hashes.rows) {
        const emu::HashRow* other = b_.row(row.step);
        if (other == nullptr) continue;
        if (row.hashes == other->hashes)
          stretch.equal_after(row.step + 1);
        else {
          stretch.differs_in(row.step);
          break;
        }
      }
    for (const auto& [updates, state] : a_.states)
      if (const auto other = b_.states.find(updates); other != b_.states.end()) {
        if (other->second == state)
          stretch.equal_after(updates);
        else
          stretch.differs_in(updates - 1);
      }
    // A state that is equal again later proves nothing of what lies between.
    if (stretch.until) stretch.from = std::min(stretch.from, *stretch.until);
    return stretch;
  }

  void say_equal() {
    say("equal: {} steps{}", common_, a_.hashes.rows.empty() ? ", by their losses" : "");
    const auto more = [&](const char* name, const RecordedRun& run) {
      if (std::ssize(run.losses) > common_)
        say("{} goes on for {} steps", name, std::ssize(run.losses) - common_);
    };
    more("A", a_);
    more("B", b_);
  }

  void say_first(const Stretch& stretch) {
    const std::int64_t step = *stretch.until;
    if (stretch.from == step) {
      found_.step = step;
      differ("step {} differs first; the state before it is equal", step);
    } else {
      differ("steps {} to {}: one of them differs first", stretch.from, step);
    }
    const auto place = static_cast<std::size_t>(step);
    if (step < common_) {
      const float in_a = a_.losses[place], in_b = b_.losses[place];
      if (same_bits(in_a, in_b))
        say("  its loss is equal: {}", in_a);
      else
        say("  its loss: {} in A, {} in B", in_a, in_b);
    }
    const emu::HashRow *row_a = a_.row(step), *row_b = b_.row(step);
    if (row_a == nullptr || row_b == nullptr || a_.hashes.tensors != b_.hashes.tensors) return;
    const std::vector<std::string> tensors = differing_tensors(a_.hashes, *row_a, *row_b);
    say("  {} of {} tensors of the state differ behind it: {}", tensors.size(), a_.hashes.tensors.size(),
        base::joined(tensors));
  }

  /// False when a run did not go on from what it had: then there is nothing to run again.
  bool is_own_checkpoint_of_both(std::int64_t from) {
    for (const auto& [name, run, other] : {std::tuple("A", &a_, &b_), std::tuple("B", &b_, &a_)}) {
      const auto newest = newest_at_most(*run, from);
      if (newest == run->checkpoints.end()) continue;
      const auto why = why_not_its_own(*run, newest->first);
      if (!why) continue;
      differ("{} went on from a checkpoint that is not its own: {}: {}", name, newest->second.string(), *why);
      if (other->checkpoints.contains(newest->first))
        if (const auto tensor =
                first_tensor(a_.checkpoints.at(newest->first), b_.checkpoints.at(newest->first)))
          say("  first difference of the two files: {}", *tensor);
      return false;
    }
    return true;
  }

  static std::map<std::int64_t, std::filesystem::path>::const_iterator newest_at_most(const RecordedRun& run,
                                                                                      std::int64_t updates) {
    const auto behind = run.checkpoints.upper_bound(updates);
    return behind == run.checkpoints.begin() ? run.checkpoints.end() : std::prev(behind);
  }
  static std::filesystem::path begin_of(const RecordedRun& run, std::int64_t from) {
    const auto newest = newest_at_most(run, from);
    return newest == run.checkpoints.end() ? std::filesystem::path() : newest->second;
  }

  emu::RepeatedStep again(Side side, std::int64_t from, std::int64_t step,
                          std::optional<std::size_t> keep = std::nullopt) const {
    return repeat_({side, begin_of(side == Side::a ? a_ : b_, from), step, keep});
  }

  /// Whether the steps that were run again have the bits that the run's files have of them.
  static bool is_repeated(const RecordedRun& run, const emu::RepeatedStep& again) {
    for (std::size_t i = 0; i < again.rows.size(); ++i) {
      const auto step = static_cast<std::size_t>(again.rows[i].step);
      if (step < run.losses.size() && !same_bits(run.losses[step], again.losses[i])) return false;
      const emu::HashRow* row = run.row(again.rows[i].step);
      if (row != nullptr && row->hashes != again.rows[i].hashes) return false;
    }
    return true;
  }

  void repeat_steps(const Stretch& stretch) {
    emu::RepeatedStep in_a = again(Side::a, stretch.from, *stretch.until);
    emu::RepeatedStep in_b = again(Side::b, stretch.from, *stretch.until);
    const bool repeats_a = is_repeated(a_, in_a), repeats_b = is_repeated(b_, in_b);
    for (const auto& [name, repeats, run] :
         {std::tuple("A", repeats_a, &a_), std::tuple("B", repeats_b, &b_)}) {
      const std::filesystem::path begin = begin_of(*run, stretch.from);
      say("{} run again from {}: {}", name, begin.empty() ? "its start" : begin.filename().string(),
          repeats ? "the same bits as it has" : "not the bits that it has");
    }
    const std::optional<std::int64_t> step = first_differing_row(in_a, in_b);
    if (!step) return say_odd_one(*stretch.until, repeats_a, repeats_b);
    found_.step = step;
    if (*step != *stretch.until) {
      in_a = again(Side::a, stretch.from, *step);
      in_b = again(Side::b, stretch.from, *step);
    }
    say_tensor(stretch, in_a, in_b);
  }

  static std::optional<std::int64_t> first_differing_row(const emu::RepeatedStep& a,
                                                         const emu::RepeatedStep& b) {
    for (const emu::HashRow& row : a.rows) {
      const auto twin = std::ranges::find(b.rows, row.step, &emu::HashRow::step);
      if (twin != b.rows.end() && twin->hashes != row.hashes) return row.step;
    }
    return std::nullopt;
  }

  /// Both give the same bits now.
  void say_odd_one(std::int64_t step, bool repeats_a, bool repeats_b) {
    if (repeats_a == repeats_b) {
      say("both give the same bits now, which are those of neither: another program, machine or processor "
          "computed the runs (--program-a, --program-b)");
      return;
    }
    const char* odd = repeats_a ? "B" : "A";
    say("{} is the odd one: from its own state this program computes the bits of {}. Another program or "
        "machine "
        "computed {} (--program-{}), or something changed it as it ran",
        odd, repeats_a ? "A" : "B", odd, repeats_a ? "b" : "a");
    if (!a_.checkpoints.contains(step + 1) || !b_.checkpoints.contains(step + 1)) return;
    if (const auto tensor = first_tensor(a_.checkpoints.at(step + 1), b_.checkpoints.at(step + 1)))
      say("  first difference of the states behind step {}: {}", step, *tensor);
  }

  void say_tensor(const Stretch& stretch, const emu::RepeatedStep& in_a, const emu::RepeatedStep& in_b) {
    const auto [one, other] = std::ranges::mismatch(in_a.tensors, in_b.tensors);
    if (one == in_a.tensors.end() || other == in_b.tensors.end()) return;
    found_.tensor = *one;
    const auto place = static_cast<std::size_t>(one - in_a.tensors.begin());
    say("first difference: step {}, {}{}: {}", *found_.step,
        one->layer.empty() ? "" : "layer " + one->layer + ", ", one->phase, one->name);
    if (one->shape != other->shape || one->name != other->name)
      return say("  which is {} {} in A, {} {} in B", one->name, traces::text_of(one->shape), other->name,
                 traces::text_of(other->shape));
    const emu::RepeatedStep kept_a = again(Side::a, stretch.from, *found_.step, place);
    const emu::RepeatedStep kept_b = again(Side::b, stretch.from, *found_.step, place);
    if (const auto element = first_element(one->type, one->shape, kept_a.kept, kept_b.kept))
      say("  {}", *element);
  }

  const RecordedRun &a_, &b_;
  const Repeat& repeat_;
  std::int64_t common_;  ///< steps that both have
  Bisection found_;
};

}  // namespace

Bisection bisect(const RecordedRun& a, const RecordedRun& b, const Repeat& repeat) {
  return Search(a, b, repeat).run();
}

}  // namespace quatrain::sim::bisect
