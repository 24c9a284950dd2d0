/// emu_bars [integer|fp32|quantizers]: the emulator against its rivals; without a word all tables.
#include "tests/bench/emu_bars.hpp"

#include <cstdio>
#include <string_view>

int main(int argc, char** argv) {
  const std::string_view only = argc > 1 ? argv[1] : "";
  if (only != "" && only != "integer" && only != "fp32" && only != "quantizers") {
    std::fprintf(stderr, "emu_bars: expected integer, fp32, quantizers or nothing\n");
    return 2;
  }
  using namespace quatrain::tests;
  if (only.empty() || only == "integer") print_integer_bars();
  if (only.empty() || only == "fp32") print_fp32_bars();
  if (only.empty() || only == "quantizers") print_quantizer_bars();
}
