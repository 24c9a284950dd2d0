#pragma once
/// The buffers of one call in shared memory: operands that end close to a guard, results between red zones,
/// poison in all that nobody has written.

#include "sim/external/protocol.hpp"
#include "sim/external/shared_memory.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quatrain::sim::external {

/// Every task comes twice. Their poison differs in every bit, so that whatever is left of it, or follows from
/// it, is not the same in both.
enum class Turn : std::uint8_t { first, second };

/// The poison's byte at an offset in a mapping.
std::uint8_t poison_at(std::uint64_t offset, Turn turn);

/// Where the data of every result begin in their mappings.
inline constexpr std::uint64_t result_offset = grain;

class Buffers {
 public:
  /// Each starts on 64 bytes. An operand ends less than 64 bytes before its guard; a result has 64 KiB of
  /// poison on either side.
  void add(Slot slot, std::uint64_t bytes, unsigned sample = 0);
  /// The regions, for a request.
  void put_into(Request& request) const;

  /// Makes room; call it once, after all add().
  void reserve_in(SharedMemory& operands, SharedMemory& results);
  /// Poison everywhere. What the kernel reads is written after it.
  void poison(Turn turn);
  std::span<std::uint8_t> data(Slot slot, unsigned sample = 0) const;

  /// "wrote behind the end of the accumulators: bytes 400 to 403 of 400"; nothing where every red zone is as
  /// it was.
  std::optional<std::string> trespass(Turn turn) const;
  /// Which buffer a wrong access was meant for; empty where there was none.
  std::string place_of_fault(const Notes& notes) const;

 private:
  std::span<std::uint8_t> mapping(const Region& region) const;
  std::string name_of(const Region& region) const;

  std::vector<Region> regions_;
  std::uint64_t operand_bytes_ = 0, result_bytes_ = grain;  ///< the notes come first
  std::span<std::uint8_t> operands_, results_;
};

}  // namespace quatrain::sim::external
