#pragma once
/// What a machine that is not ours may do instead of giving a result.

#include "traces/base/error.hpp"

#include <cstdint>
#include <string_view>
#include <utility>

namespace quatrain::sim {

enum class Misbehaviour : std::uint8_t {
  crash,          ///< ended by a signal
  hang,           ///< no answer in time
  exit,           ///< it ended the process
  exception,      ///< a C++ exception left it
  out_of_bounds,  ///< it wrote beside a result
  unwritten,      ///< a part of the result was not written, or was added to
  unsteady,       ///< two runs of one task gave two results
  failure         ///< it said that it failed
};

constexpr std::string_view name_of(Misbehaviour kind) {
  switch (kind) {
    case Misbehaviour::crash:
      return "crash";
    case Misbehaviour::hang:
      return "hang";
    case Misbehaviour::exit:
      return "exit";
    case Misbehaviour::exception:
      return "exception";
    case Misbehaviour::out_of_bounds:
      return "out_of_bounds";
    case Misbehaviour::unwritten:
      return "unwritten";
    case Misbehaviour::unsteady:
      return "unsteady";
    case Misbehaviour::failure:
      return "failure";
  }
  return {};
}

/// Thrown by quantize() and multiply(): a finding of this kind.
class Misbehaved : public base::Error {
 public:
  template <typename... Arguments>
  Misbehaved(Misbehaviour kind, fmt::format_string<Arguments...> text, Arguments&&... arguments)
      : Error(text, std::forward<Arguments>(arguments)...), kind_(kind) {}
  Misbehaviour kind() const { return kind_; }

 private:
  Misbehaviour kind_;
};

/// Thrown for two runs of one task that gave two results, with both.
template <typename Result>
class Unsteady : public Misbehaved {
 public:
  Unsteady(const Misbehaved& how, Result first_result, Result second_result)
      : Misbehaved(how), first(std::move(first_result)), second(std::move(second_result)) {}
  Result first, second;
};

/// Thrown by quantize() and multiply(): the machine saw only then that it does not do this task. As a reason
/// of refuses(), it is no difference.
class Refused : public base::Error {
 public:
  using Error::Error;
};

}  // namespace quatrain::sim
