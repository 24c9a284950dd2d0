#include "rtl_models/memory/block_machine.hpp"

#include "rtl_models/systemc_kernel.hpp"
#include "traces/base/error.hpp"

#include <algorithm>
#include <cassert>

namespace quatrain::rtl_models {
namespace {

std::uint64_t count_of(const sc_core::sc_time& time, const sc_core::sc_time& period) {
  return time.value() / period.value();
}

}  // namespace

BlockMachine::BlockMachine(const sc_core::sc_module_name& name) : sc_module(name) {
  SC_THREAD(move_blocks);
  SC_THREAD(compute_blocks);
}

MemoryRun BlockMachine::run(const MemoryJob& job) {
  prepare(job);
  begun_.notify(period_);  // the kernel forgets events without a time before its first start
  own_array_begins_.notify(period_);
  run_kernel();
  return found();
}

MemoryRun BlockMachine::run(const MemoryJob& job, const std::function<void(BlockGate&)>& replay) {
  prepare(job);
  replay(*this);
  return found();
}

void BlockMachine::prepare(const MemoryJob& job) {
  assert(job.places >= 1 && job.places < blocks_.size());
  job_ = job;
  if (job_.data == nullptr) job_.data = &unspecified_;
  loaded_ = computed_ = read_bytes_ = written_bytes_ = 0;
  total_ = UINT64_MAX;
  period_ = sc_core::sc_time(static_cast<double>(job.period_ps), sc_core::SC_PS);
  computing_ = load_bound_ = store_bound_ = sc_core::SC_ZERO_TIME;
  failure_.clear();
  array_waits_ = is_computing_ = false;
}

MemoryRun BlockMachine::found() const {
  if (!failure_.empty()) throw base::Error("the memory: {}", failure_);
  const auto cycles = [&](const sc_core::sc_time& time) { return count_of(time, period_); };
  assert(computed_ == total_ && "an array came to all blocks");
  return {cycles(sc_core::sc_time_stamp() - start_),
          cycles(computing_),
          cycles(load_bound_),
          cycles(store_bound_),
          read_bytes_,
          written_bytes_};
}

void BlockMachine::move_blocks() {
  while (true) {
    wait(begun_);
    start_ = changed_ = sc_core::sc_time_stamp();
    for (std::uint64_t number = 0; !is_last_known() || number < total_ + job_.places; ++number) {
      if (number >= job_.places && number - job_.places < total_) {
        const std::uint64_t done = number - job_.places;
        while (computed_ <= done) wait(computed_event_);
        store(block(done));
      }
      if (!is_last_known() && !job_.next(block(number))) total_ = number;
      if (number < total_) {
        load(block(number));
        ++loaded_;
        if (array_waits_ && loaded_ > computed_) let_go_on();
      }
      loaded_event_.notify(sc_core::SC_ZERO_TIME);
    }
    while (computed_ < total_) wait(computed_event_);
    account();
    wait(sc_core::SC_ZERO_TIME);  // the array sees that there is no other block
    sc_core::sc_pause();
  }
}

void BlockMachine::compute_blocks() {
  while (true) {
    wait(own_array_begins_);
    for (std::uint64_t number = 0; number < total_; ++number) {
      while (loaded_ <= number && number < total_) wait(loaded_event_);
      if (number == total_) break;
      account();
      is_computing_ = true;
      wait(period_ * static_cast<double>(block(number).cycles));
      compute_all_before(number + 1);
    }
  }
}

void BlockMachine::compute_all_before(std::uint64_t number) {
  account();
  is_computing_ = false;
  for (; computed_ < number; ++computed_) job_.data->compute(block(computed_));
  computed_event_.notify(sc_core::SC_ZERO_TIME);
}

bool BlockMachine::reached(std::uint64_t number) {
  compute_all_before(number);
  array_waits_ = loaded_ <= number;
  is_computing_ = !array_waits_;
  return is_computing_;
}

void BlockMachine::let_go_on() {
  account();
  is_computing_ = true;
  array_waits_ = false;
  go_on_.notify(sc_core::SC_ZERO_TIME);
}

void BlockMachine::load(const BlockVisit& block) {
  job_.data->begin(block);
  std::vector<BlockData::Run> runs;
  if (block.left_bytes > 0) runs.push_back(job_.data->left(block));
  if (block.right_bytes > 0) runs.push_back(job_.data->right(block));
  if (block.sum_bytes > 0) runs.push_back(job_.data->sums(block));
  move(Moves::loads, runs);
}

void BlockMachine::store(const BlockVisit& block) {
  std::vector<BlockData::Run> runs;
  if (block.stored_bytes > 0) runs.push_back(job_.data->stored(block));
  move(Moves::stores, runs);
}

void BlockMachine::move(Moves moves, std::span<const BlockData::Run> runs) {
  if (runs.empty()) return;
  account();
  moves_ = moves;
  sc_core::sc_time end = sc_core::sc_time_stamp();
  for (const BlockData::Run& run : runs) {
    tlm::tlm_generic_payload transaction;
    transaction.set_command(moves == Moves::loads ? tlm::TLM_READ_COMMAND : tlm::TLM_WRITE_COMMAND);
    transaction.set_address(run.address);
    transaction.set_data_ptr(run.buffer.data());
    transaction.set_data_length(static_cast<unsigned>(run.buffer.size()));
    transaction.set_streaming_width(static_cast<unsigned>(run.buffer.size()));
    transaction.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    memory->b_transport(transaction, delay);
    end = std::max(end, sc_core::sc_time_stamp() + delay);
    if (!transaction.is_response_ok() && failure_.empty())
      failure_ =
          fmt::format("{} of {} bytes at address {:#x}: {}", moves == Moves::loads ? "a load" : "a store",
                      run.buffer.size(), run.address, transaction.get_response_string());
    (moves == Moves::loads ? read_bytes_ : written_bytes_) += run.buffer.size();
  }
  wait_for_edge(end);
  account();
  moves_ = Moves::nothing;
}

void BlockMachine::wait_for_edge(sc_core::sc_time end) {
  const std::uint64_t passed = (end - start_).value(), period = period_.value();
  const std::uint64_t edge = (passed + period - 1) / period;
  const sc_core::sc_time until = start_ + period_ * static_cast<double>(edge);
  if (until > sc_core::sc_time_stamp()) wait(until - sc_core::sc_time_stamp());
}

void BlockMachine::account() {
  const sc_core::sc_time now = sc_core::sc_time_stamp(), passed = now - changed_;
  changed_ = now;
  if (is_computing_)
    computing_ += passed;
  else if (moves_ == Moves::loads)
    load_bound_ += passed;
  else if (moves_ == Moves::stores)
    store_bound_ += passed;
}

void BlockMachine::debug(tlm::tlm_command command, std::uint64_t address, std::uint8_t* bytes,
                         std::size_t count) {
  tlm::tlm_generic_payload transaction;
  transaction.set_command(command);
  transaction.set_address(address);
  transaction.set_data_ptr(bytes);
  transaction.set_data_length(static_cast<unsigned>(count));
  if (memory->transport_dbg(transaction) != count)
    throw base::Error("the memory: {} bytes at address {:#x} cannot be reached by transport_dbg", count,
                      address);
}

void BlockMachine::write(std::uint64_t address, std::span<const std::uint8_t> bytes) {
  std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());  // the payload's pointer is not const
  debug(tlm::TLM_WRITE_COMMAND, address, copy.data(), copy.size());
}

void BlockMachine::read(std::uint64_t address, std::span<std::uint8_t> bytes) {
  debug(tlm::TLM_READ_COMMAND, address, bytes.data(), bytes.size());
}

}  // namespace quatrain::rtl_models
