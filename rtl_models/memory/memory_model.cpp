#include "rtl_models/memory/memory_model.hpp"

#include "rtl_models/memory/block_machine.hpp"
#include "rtl_models/memory/dram.hpp"
#include "rtl_models/systemc_kernel.hpp"

namespace quatrain::rtl_models {
namespace {

class DefaultMemory final : public MemoryModel {
 public:
  DefaultMemory() { machine_.memory.bind(dram_.socket); }

  MemoryRun run(const DramTiming& timing, const MemoryJob& job) override {
    dram_.configure(timing);
    return machine_.run(job);
  }
  MemoryRun run(const DramTiming& timing, const MemoryJob& job,
                const std::function<void(BlockGate&)>& replay) override {
    dram_.configure(timing);
    return machine_.run(job, replay);
  }

 private:
  BlockMachine machine_{sc_core::sc_gen_unique_name("block_machine")};
  Dram dram_{sc_core::sc_gen_unique_name("dram")};
};

}  // namespace

std::unique_ptr<MemoryModel> make_memory_model() {
  require_elaboration();
  return std::make_unique<DefaultMemory>();
}

}  // namespace quatrain::rtl_models
