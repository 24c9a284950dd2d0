#pragma once
/// What a family of machines (emu, systemc, simt, cuda) exports: its machines by name, made when asked for.

#include "traces/base/parallel_for.hpp"
#include "traces/machine.hpp"

#include <functional>
#include <memory>
#include <string>

namespace quatrain::traces {

struct MachineOffer {
  std::string name;                  ///< the machine's
  std::function<Refusal()> why_not;  ///< why it cannot run on this computer
  /// Asked where `why_not` has no reason. The pool must outlive the machine.
  std::function<std::unique_ptr<Machine>(base::ThreadPool&)> make;
  bool is_slow = false;  ///< runs where it is named only
};

}  // namespace quatrain::traces
