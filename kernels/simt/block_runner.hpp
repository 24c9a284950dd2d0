#pragma once
/// The scheduler of one block: which fiber runs next, when a barrier opens, what a warp collective returns.
/// Stays on one OS thread for its whole life.

#include <boost/context/fiber.hpp>

#include "simt/async_copies.hpp"
#include "simt/checker.hpp"
#include "simt/runtime.hpp"
#include "simt/stack_pool.hpp"
#include "simt/stack_switch.hpp"
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace simt {

class BlockRunner {
 public:
  BlockRunner(StackPool& stacks, const Options& options, const char* kernel, const LaunchConfig& launch,
              const std::function<void()>& body, BlockMemory& memory, Checker* checker);
  ~BlockRunner();
  BlockRunner(const BlockRunner&) = delete;
  BlockRunner& operator=(const BlockRunner&) = delete;

  void run(std::uint64_t block_number);

  // For the thread that is running.
  unsigned wait_for_block(bool vote, const Place& place);
  const WarpValues& meet_warp(std::uint32_t mask, const void* value, std::size_t bytes, Combine combine,
                              const Place& place);
  [[noreturn]] void fail_thread(const std::string& what, const Place& place);
  AsyncCopies& copies() { return threads_[running_].copies; }
  BlockMemory& memory() { return memory_; }
  unsigned lane() const { return running_ % warp_size; }
  void* shared_bytes(std::size_t size, const void* type);
  void* dynamic_shared_bytes();

 private:
  enum class Step : std::uint8_t { not_started, ready, at_block_barrier, at_warp_collective, exited };
  struct Fiber {
    boost::context::fiber context;  ///< where it goes on
    StackRecord stack;
  };
  struct Thread {
    Step step = Step::not_started;
    std::uint32_t mask = 0;
    const void* value = nullptr;  ///< what it brings to the collective, on its stack
    std::size_t bytes = 0;
    Combine combine = nullptr;
    const WarpValues* result = nullptr;
    bool vote = false;
    Place place;
    AsyncCopies copies;
    Fiber* fiber = nullptr;  ///< that it waits on
  };

  struct Stopped {};  ///< thrown inside a fiber whose thread will not go on

  void resume(unsigned thread);
  Fiber& idle_fiber();
  void start(Fiber& fiber);
  void switch_to(Fiber& fiber);
  void run_threads();  ///< body of a fiber
  void leave_fiber();
  void wait();  ///< of a thread that a barrier or an error holds
  void enter(unsigned thread);
  bool has_failed() const;
  void require_success() const;
  void order_next_pass();
  bool open_warp_collectives();
  bool open_collective(unsigned first_of_warp, std::uint32_t mask);
  bool open_block_barrier();
  [[noreturn]] void fail(const std::string& what) const;
  std::string describe_waiting() const;

  StackPool& stacks_;
  const Options options_;
  const char* kernel_;
  const LaunchConfig launch_;
  const std::function<void()>& body_;
  BlockMemory& memory_;
  Checker* const checker_;  ///< nullptr without checks
  const unsigned count_;    ///< threads of a block
  std::vector<dim3> indices_;
  std::vector<Thread> threads_;
  std::deque<Fiber> fibers_;
  std::vector<Fiber*> idle_;  ///< they wait for a thread to run
  Fiber scheduler_;
  Fiber* current_ = nullptr;
  std::vector<unsigned> order_;
  std::size_t cursor_ = 0;  ///< place in order_
  unsigned running_ = 0;
  bool stopping_ = false;
  std::uint64_t random_ = 0;                         ///< of the shuffled order; no result may depend on it
  unsigned votes_ = 0;                               ///< at the block barrier that opened last
  std::vector<std::unique_ptr<WarpValues>> values_;  ///< of a collective, by the first thread that takes part
  std::vector<std::byte> shared_;                    ///< shared_memory(), then what the launch asked for
  std::byte *shared_memory_ = nullptr, *dynamic_shared_ = nullptr;
  std::size_t shared_used_ = 0;
  const void* shared_type_ = nullptr;
  std::string failure_;
};

}  // namespace simt
