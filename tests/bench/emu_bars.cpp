/// The emulator against its rivals; --help says how it is called.
#include "tests/bench/emu_bars.hpp"

#include <cstdio>
#include <regex>
#include <string>

namespace {

constexpr char help[] =
    "emu_bars [TABLE] [ROWS]: the emulator's speed beside that of its rivals\n"
    "  TABLE  integer, fp32 or quantizers; all where there is none\n"
    "  ROWS   a regular expression: the rows whose names have a match, as in\n"
    "         emu_bars integer '^stage 2-3 (forward|backward_data)'\n";

}  // namespace

int main(int argc, char** argv) {
  const auto refuse = [](const std::string& why) {
    std::fprintf(stderr, "emu_bars: %s\n%s", why.c_str(), help);
    return 2;
  };
  const std::string only = argc > 1 ? argv[1] : "";
  if (only == "--help") return std::fputs(help, stdout) < 0;
  if (argc > 3) return refuse("too many words");
  if (only != "" && only != "integer" && only != "fp32" && only != "quantizers")
    return refuse("expected integer, fp32, quantizers or nothing, not '" + only + "'");
  using namespace quatrain::tests;
  try {
    const std::regex rows(argc > 2 ? argv[2] : "");
    if (only.empty() || only == "integer") print_integer_bars(rows);
    if (only.empty() || only == "fp32") print_fp32_bars(rows);
    if (only.empty() || only == "quantizers") print_quantizer_bars(rows);
  } catch (const std::regex_error& error) {
    return refuse(std::string("the rows are no regular expression: ") + error.what());
  }
}
