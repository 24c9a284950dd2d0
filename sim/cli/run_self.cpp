#include "sim/cli/run_self.hpp"

#include "sim/cli/console.hpp"
#include "sim/jobs/child_process.hpp"
#include "traces/base/error.hpp"

namespace quatrain::sim {

int run_self(const std::vector<std::string>& arguments) {
  flush_stdout();  // what was printed so far stands before what the child prints
  ChildProcess child(arguments);
  for (;;) {
    const std::optional<int> code = child.poll();
    if (code && (interrupted() || *code == 130)) throw base::Interrupted();
    if (code) return *code;
    if (interrupted()) child.ask_to_stop();
    wait_a_moment();
  }
}

}  // namespace quatrain::sim
