#pragma once
/// Watches every access of a kernel to shared memory and to buffers. It keeps for each byte whether it was
/// written, which copy is under way to it, and the last accesses that a later one may race with.
///
/// A race: two accesses of different threads to a byte, at least one a store, not both atomic, and nothing
/// between them that orders them. What orders: a barrier of the block; a __syncwarp of both lanes; the end of
/// the launch. Blocks of a launch are never ordered, in whatever turn they run. So a race is found in every
/// run that comes by both places, whether or not it spoiled the result.
///
/// One OS thread. The accesses come from code that is compiled for it (instrumentation.cpp) and from the
/// functions of language.hpp.

#include "simt/runtime.hpp"
#include "simt/source_line.hpp"
#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace simt {

enum class Access : std::uint8_t { read, write, atomic };

class Checker {
 public:
  static constexpr std::size_t guard = 128;  ///< bytes on both sides of watched memory that belong to it

  /// Device memory; `begin` has a guard on both sides. Its content is undefined.
  void watch_buffer(const void* begin, std::size_t size);
  void forget_buffer(const void* begin);
  void set_written(const void* begin, std::size_t size);

  void begin_launch(const LaunchConfig& launch);
  void begin_block(const void* shared, const void* dynamic, std::size_t dynamic_size);
  /// The block's shared memory is gone: what stands there from now on is something else.
  void end_launch();
  void grow_shared(std::size_t size);
  void enter(unsigned thread) { thread_ = thread; }
  void pass_barrier();
  void sync_warp(unsigned first_of_warp, std::uint32_t lanes);

  void access(const void* address, std::size_t size, Access access, const Site& site);
  /// A copy to `address` begins, which finish_copy() ends.
  void start_copy(const void* address, std::size_t size, const Site& site);
  void finish_copy(const void* address, std::size_t size, const Site& site);
  void misaligned(const std::string& type, std::size_t alignment, const Site& site);

  /// What was found first in this launch; empty: nothing.
  const std::string& finding() const { return finding_; }
  /// All threads have come to a barrier or exited: a load of what nobody has written is one, and no race with
  /// a store that comes later in the turn of the threads.
  void end_turn();
  /// The kernel is compiled for it.
  bool is_fed() const { return is_fed_; }
  void feed() { is_fed_ = true; }

 private:
  /// The last access of its kind to a byte.
  struct Trail {
    std::uint32_t block = 0;  ///< numbered over all launches, from 1
    std::uint32_t epoch = 0;  ///< block barriers before
    std::uint16_t thread = 0;
    std::uint16_t clock = 0;  ///< its __syncwarps since the last block barrier
    std::uint32_t site = 0;
  };
  struct Byte {
    Trail store, load, other_load;  ///< loads of two threads
    bool is_store_atomic = false;
    bool is_written = false;
    std::uint32_t copy = 0;  ///< site of the cp_async under way to it
  };
  enum class Kind : std::uint8_t { buffer, shared, dynamic_shared };
  struct Memory {
    std::uintptr_t begin;
    std::size_t size;  ///< without guards
    std::size_t room;  ///< that `size` may grow to
    Kind kind;
    static constexpr std::size_t page = 1024;
    std::vector<std::unique_ptr<std::array<Byte, page>>> pages;
    std::vector<bool> written_pages;  ///< pages that the host has written whole: not made yet

    Byte& byte(std::size_t at);
  };

  Memory* memory_at(std::uintptr_t address, std::size_t size);
  bool is_inside(const Memory& memory, std::size_t at, std::size_t size, const char* what, const Site& site);
  bool is_ordered(const Trail& before) const;
  void check_byte(const Memory& memory, std::size_t at, Byte& byte, Access access, const Trail& now);
  void keep_load(Byte& byte, const Trail& now) const;
  void report(const std::string& what);
  void report_race(const Memory& memory, std::size_t at, const Trail& before, const char* did, Access access,
                   const Trail& now);
  std::string place_of(const Trail& trail) const;
  std::string name_of(const Memory& memory) const;
  std::string name_of_thread(const Trail& trail) const;
  std::uint32_t number_of(const Site& site);

  std::vector<std::unique_ptr<Memory>> memories_;
  Memory* last_ = nullptr;  ///< that was found
  Memory *shared_ = nullptr, *dynamic_ = nullptr;
  LaunchConfig launch_;
  std::uint32_t first_block_ = 1, block_ = 0, epoch_ = 0, blocks_ = 0;
  unsigned thread_ = 0;
  struct Lane {
    std::uint16_t clock = 1;
    std::array<std::uint16_t, warp_size> known{};  ///< clocks up to which it sees what the warp's lanes did
  };
  std::vector<Lane> lanes_;  ///< by thread
  std::vector<Site> sites_;  ///< Trail::site counts them from 1
  std::unordered_map<const void*, std::uint32_t> sites_of_code_;
  bool is_fed_ = false;
  std::string finding_, unwritten_;
};

/// The checker of the launch in flight on this OS thread, if it has one.
extern constinit thread_local Checker* checker_in_flight;

}  // namespace simt
