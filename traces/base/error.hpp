#pragma once
/// Errors that a user can cause or meet: input, data, the disk. One line of text with its context in front;
/// the command line prints "error: ..." and exits 2. A mistake of our own is an assert or any other
/// exception.

#include <fmt/format.h>

#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace quatrain::base {

/// Text of somebody else's file as it may stand in a message: one line, printable, at most 80 characters of
/// it ("..." behind). Bytes above 0x7e and control characters become \\xNN.
std::string printable(std::string_view text);

class Error : public std::exception {
 public:
  template <typename... Arguments>
  explicit Error(fmt::format_string<Arguments...> text, Arguments&&... arguments)
      : message_(fmt::format(text, std::forward<Arguments>(arguments)...)) {}

  /// Says where: each level on the way up puts its own place in front ("file: tensor 'x': what was wrong").
  template <typename... Arguments>
  void add_context(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    message_ = fmt::format(text, std::forward<Arguments>(arguments)...) + ": " + message_;
  }

  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

/// The user asked to stop (SIGINT, SIGTERM): exit 130, what was complete stays.
class Interrupted : public Error {
 public:
  Interrupted() : Error("interrupted") {}
};

}  // namespace quatrain::base
