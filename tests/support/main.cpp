/// Own main: gtest_main does not link beside SystemC, which brings a main of its own.
#include <gtest/gtest.h>

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
