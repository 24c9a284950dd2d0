#pragma once
/// The scheduler of one block: which fiber runs next, when a barrier opens, what a warp collective returns.
/// Stays on one OS thread for its whole life.

#include "kernels/simt/runtime.hpp"
#include "kernels/simt/stack_pool.hpp"
#include "kernels/simt/stack_switch.hpp"

#include <boost/context/fiber.hpp>

#include <deque>
#include <string>
#include <vector>

namespace quatrain::kernels::simt {

class BlockRunner {
 public:
  BlockRunner(StackPool& stacks, const SimtOptions& options, const char* kernel, dim3 grid, dim3 block,
              const std::function<void()>& body, BlockMemory& memory);
  ~BlockRunner();
  BlockRunner(const BlockRunner&) = delete;
  BlockRunner& operator=(const BlockRunner&) = delete;

  void run(std::uint64_t block_number);

  // For the thread that is running.
  void wait_for_block(const std::source_location& place);
  std::uint64_t wait_for_warp(std::uint32_t mask, std::uint64_t value, unsigned source,
                              const std::source_location& place);
  BlockMemory& memory() { return memory_; }
  unsigned lane() const { return running_ % warp_size; }
  void* shared_bytes(std::size_t size, const void* type);

 private:
  enum class Step : std::uint8_t { not_started, ready, at_block_barrier, at_warp_collective, exited };
  struct Fiber {
    boost::context::fiber context;  ///< where it goes on
    StackRecord stack;
  };
  struct Thread {
    Step step = Step::not_started;
    unsigned source = 0;
    std::uint32_t mask = 0;
    std::uint64_t value = 0, result = 0;
    std::source_location place;
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
  void order_next_pass();
  bool open_warp_collectives();
  bool open_collective(unsigned first_of_warp, std::uint32_t mask);
  bool open_block_barrier();
  [[noreturn]] void fail(const std::string& what) const;
  std::string describe_waiting() const;

  StackPool& stacks_;
  const SimtOptions options_;
  const char* kernel_;
  const dim3 grid_, block_;
  const std::function<void()>& body_;
  BlockMemory& memory_;
  const unsigned count_;  ///< threads of a block
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
  std::uint64_t random_ = 0;  ///< of the shuffled order; no result may depend on it
  std::vector<std::uint8_t> shared_;
  std::size_t shared_used_ = 0;
  const void* shared_type_ = nullptr;
  std::string failure_;
};

}  // namespace quatrain::kernels::simt
