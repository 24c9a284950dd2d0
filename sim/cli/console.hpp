#pragma once
/// The only place that draws on the terminal while work goes on, and that listens for signals.

#include "traces/base/progress.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace quatrain::sim {

/// A bar with an estimate of the time left on stderr when that is a terminal, else silent. Both throw
/// base::Interrupted from begin() and update() once interrupted() is true.
std::unique_ptr<base::Progress> make_progress();

/// One line of at most `columns` characters: "train epoch 1  [#####.....]  50 %  about 1 min 10 s left  loss
/// 0.41". The estimate takes the work so far as typical, and is left out before a hundredth is done.
std::string progress_line(std::string_view what, std::uint64_t done, std::uint64_t total,
                          std::string_view note, double seconds, unsigned columns);

/// "0.4 s", "12 s", "3 min 05 s", "2 h 10 min".
std::string duration_text(double seconds);

/// SIGINT and SIGTERM make interrupted() true; the second of them ends the program at once. A write to a
/// closed pipe becomes an error instead of a signal.
void install_signal_handlers();

/// True after SIGINT or SIGTERM. Long work polls it and throws base::Interrupted.
bool interrupted();

/// While it lives, the program ends one second after a signal, even inside a call that does not poll
/// interrupted(): one line on stderr, exit code 130. For stretches of work that have nothing half-written.
class InterruptDeadline {
 public:
  InterruptDeadline();

 private:
  std::jthread watch_;
};

/// One line on stderr, whatever names in it hold: nothing that a terminal obeys. A stderr that is closed or
/// gone must not end the work, so this never fails.
void print_to_stderr(std::string_view line);

/// A file that has been written, on a file system that may lose it when the power fails.
void warn_unless_flushed(bool is_flushed, const std::filesystem::path& file);

/// Throws Error with the system's reason when what was printed to stdout did not arrive.
void flush_stdout();

}  // namespace quatrain::sim
