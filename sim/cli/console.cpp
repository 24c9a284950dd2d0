#include "sim/cli/console.hpp"

#include "traces/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <sys/ioctl.h>
#include <unistd.h>

namespace quatrain::sim {
namespace {

volatile std::sig_atomic_t signal_seen = 0;

extern "C" void note_signal(int) {
  signal_seen = 1;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

unsigned terminal_columns() {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col - 1U : 79;  // the last column would wrap the line on some terminals
}

/// Not fmt's print, which throws when the write fails.
void write_text(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

std::string on_one_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::string line;
  for (const char c : text) {
    const bool is_control = (c >= 0 && c < ' ') || c == 0x7f;
    line += c == '\n' ? " " : is_control ? fmt::format("\\x{:02x}", c) : std::string(1, c);
  }
  return line;
}

void throw_if_interrupted() {
  if (interrupted()) throw base::Interrupted();
}

/// Where stderr is no terminal.
class UnseenProgress final : public base::Progress {
 public:
  void begin(std::string_view, std::uint64_t) override { throw_if_interrupted(); }
  void update(std::uint64_t, std::string_view) override { throw_if_interrupted(); }
  void finish() override {}
};

class TerminalProgress final : public base::Progress {
 public:
  ~TerminalProgress() override { clear(); }

  void begin(std::string_view what, std::uint64_t total) override {
    throw_if_interrupted();
    what_ = what;
    total_ = total;
    start_ = Clock::now();
    draw(0, {});
  }
  void update(std::uint64_t done, std::string_view note) override {
    throw_if_interrupted();
    if (Clock::now() - drawn_ >= std::chrono::milliseconds(100)) draw(done, note);
  }
  void finish() override { clear(); }

 private:
  using Clock = std::chrono::steady_clock;

  void draw(std::uint64_t done, std::string_view note) {
    drawn_ = Clock::now();
    const double seconds = std::chrono::duration<double>(drawn_ - start_).count();
    const std::string line = progress_line(what_, done, total_, note, seconds, terminal_columns());
    write_text("\r" + line + erase_rest_of_line);
    on_screen_ = true;
  }
  void clear() {
    if (on_screen_) write_text("\r" + erase_rest_of_line);
    on_screen_ = false;
  }
  inline static const std::string erase_rest_of_line = "\x1b[K";
  std::string what_;
  std::uint64_t total_ = 0;
  Clock::time_point start_, drawn_;
  bool on_screen_ = false;
};

}  // namespace

std::string duration_text(double seconds) {
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string progress_line(std::string_view what, std::uint64_t done, std::uint64_t total,
                          std::string_view note, double seconds, unsigned columns) {
  constexpr std::size_t bar_width = 24;
  const double share =
      total == 0 ? 1.0 : static_cast<double>(std::min(done, total)) / static_cast<double>(total);
  const auto filled = static_cast<std::size_t>(share * bar_width);
  std::string line = fmt::format("{}  [{}{}] {:3.0f} %", what, std::string(filled, '#'),
                                 std::string(bar_width - filled, '.'), std::floor(100 * share));
  if (share >= 0.01 && share < 1)
    line += fmt::format("  about {} left", duration_text(seconds * (1 / share - 1)));
  if (!note.empty()) line += fmt::format("  {}", note);
  if (line.size() > columns) line.resize(columns);
  return line;
}

std::unique_ptr<base::Progress> make_progress() {
  if (isatty(STDERR_FILENO) == 1) return std::make_unique<TerminalProgress>();
  return std::make_unique<UnseenProgress>();
}

void install_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;  // a read or write that was under way goes on: nothing is half-written
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // a write that fails is an error with a name, not the end
  std::signal(SIGXFSZ, SIG_IGN);
}

void print_to_stderr(std::string_view line) {
  const char* const over_progress = isatty(STDERR_FILENO) == 1 ? "\r\x1b[K" : "";  // which is drawn again
  write_text(over_progress + on_one_line(line) + "\n");
}

void warn_unless_flushed(bool is_flushed, const std::filesystem::path& file) {
  if (!is_flushed)
    print_to_stderr(
        fmt::format("warning: {}: written, but this file system cannot flush folders: it may be lost when "
                    "the power fails",
                    file.string()));
}

bool interrupted() { return signal_seen != 0; }

InterruptDeadline::InterruptDeadline()
    : watch_([](const std::stop_token& ended) {
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable_any never;
        const auto glance = std::chrono::milliseconds(50);  // a signal handler can wake nobody
        for (int left = 20; left > 0; left -= interrupted() ? 1 : 0) {
          never.wait_for(lock, ended, glance, [] { return false; });
          if (ended.stop_requested()) return;
        }
        print_to_stderr("interrupted");
        std::_Exit(130);
      }) {}

void flush_stdout() {
  errno = 0;
  const bool failed = std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
  if (failed) throw base::Error("standard output: {}", errno != 0 ? std::strerror(errno) : "a write failed");
}

}  // namespace quatrain::sim
