/// write_trace NAME: writes the small trace, or prints the Error and exits 2. What the tests of failing
/// writes run under strace.
#include "tests/traces/format/small_trace.hpp"
#include "traces/base/error.hpp"

#include <cstdio>

int main(int argc, char** argv) try {
  if (argc != 2) return 3;
  quatrain::tests::write_small_trace(argv[1]);
  return 0;
} catch (const quatrain::base::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
