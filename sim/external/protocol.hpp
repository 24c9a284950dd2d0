#pragma once
/// What goes between quatrain and the process in which a kernel runs (the host). Both are the same program,
/// so plain structs go over a socket that keeps messages whole. Operands and results lie in two shared
/// memories.

#include <array>
#include <cstdint>
#include <quatrain/kernel_abi.h>
#include <type_traits>
#include <variant>

namespace quatrain::sim::external {

/// The host's file descriptors.
inline constexpr int control_fd = 3, operands_fd = 4, results_fd = 5;
/// The host's exit code when the kernel closed `control_fd`.
inline constexpr int lost_connection = 117;

/// Mappings begin and end on multiples of this: the largest page that Linux uses, and a red zone.
inline constexpr std::uint64_t grain = 64 * 1024;
/// Addresses around each mapping that belong to nothing: touching one ends the host.
inline constexpr std::uint64_t guard = 1024 * 1024;

/// What a buffer is for the kernel. Sources and operands lie in the operands' memory, the rest in the
/// results'.
enum class Slot : std::uint8_t { left, right, source, accumulators, output, codes, text };

constexpr bool is_operand(Slot slot) {
  switch (slot) {
    case Slot::left:
    case Slot::right:
    case Slot::source:
      return true;
    case Slot::accumulators:
    case Slot::output:
    case Slot::codes:
    case Slot::text:
      return false;
  }
  return false;
}

/// One buffer: `data_bytes` at `data_offset` of a mapping, whose rest is filled with poison.
struct Region {
  Slot slot = Slot::text;
  unsigned sample = 0;                              ///< of `right`
  std::uint64_t file_offset = 0, mapped_bytes = 0;  ///< multiples of `grain`
  std::uint64_t data_offset = 0, data_bytes = 0;
};

inline constexpr std::size_t most_samples = 16, most_regions = most_samples + 4;

struct GemmCall {
  qt_gemm_task task{};
  qt_gemm_result result{};
};
struct QuantizerCall {
  qt_quantizer_task task{};
  qt_quantizer_result result{};
};

/// The call without its pointers: the regions are what they point to.
struct Request {
  std::variant<GemmCall, QuantizerCall> call;
  std::uint64_t region_count = 0;
  std::array<Region, most_regions> regions{};
};

enum class Outcome : std::uint8_t { returned, threw, no_memory };

struct Reply {
  Outcome outcome = Outcome::returned;
  std::int32_t status = QT_DONE;               ///< when it returned
  std::variant<GemmCall, QuantizerCall> call;  ///< with what the kernel wrote into the result
  std::array<char, 256> text{};                ///< when it threw, or there was no memory
};

/// The first message, from the host.
struct Loaded {
  std::array<char, 512> error{};  ///< empty: the kernel is there
  std::array<char, 128> name{};
  std::uint32_t capabilities = 0;
  bool multiplies = false, quantizes = false;
};

static_assert(std::is_trivially_copyable_v<Request> && std::is_trivially_copyable_v<Reply> &&
              std::is_trivially_copyable_v<Loaded>);

enum class Access : std::uint8_t { unknown, read, write };

/// The first bytes of the results' memory: what the host leaves behind when a signal ends it.
struct Notes {
  std::array<std::uint64_t, most_regions> mapped_at{};  ///< addresses of the regions' mappings
  std::uint64_t fault_address = 0;
  std::int32_t fault_signal = 0;  ///< 0: no handler has run
  Access access = Access::unknown;
};
static_assert(sizeof(Notes) <= grain);

}  // namespace quatrain::sim::external
