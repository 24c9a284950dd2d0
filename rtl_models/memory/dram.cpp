#include "rtl_models/memory/dram.hpp"

#include <algorithm>
#include <cmath>

namespace quatrain::rtl_models {
namespace {

sc_core::sc_time picoseconds(double count) { return {count, sc_core::SC_PS}; }

/// Bursts or pages that hold some of the bytes.
std::uint64_t touched(std::uint64_t address, std::uint64_t bytes, std::uint64_t size) {
  return (address + bytes - 1) / size - address / size + 1;
}

}  // namespace

Dram::Dram(const sc_core::sc_module_name& name) : sc_module(name) {
  socket.register_b_transport(this, &Dram::b_transport);
  socket.register_transport_dbg(this, &Dram::transport_dbg);
}

void Dram::configure(const DramTiming& timing, std::uint64_t bytes) {
  timing_ = timing;
  storage_.assign(bytes, 0);
  free_ = sc_core::SC_ZERO_TIME;
}

void Dram::b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay) {
  if (!move(transaction)) {
    transaction.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  const sc_core::sc_time first_burst = now + delay + picoseconds(static_cast<double>(timing_.latency_ps));
  free_ =
      std::max(free_, first_burst) + time_of_run(transaction.get_address(), transaction.get_data_length());
  delay = free_ - now;
  transaction.set_response_status(tlm::TLM_OK_RESPONSE);
}

unsigned Dram::transport_dbg(tlm::tlm_generic_payload& transaction) {
  return move(transaction) ? transaction.get_data_length() : 0;
}

bool Dram::move(tlm::tlm_generic_payload& transaction) {
  if (storage_.empty()) return true;
  const std::uint64_t address = transaction.get_address(), bytes = transaction.get_data_length();
  if (bytes > storage_.size() || address > storage_.size() - bytes) return false;
  std::uint8_t *stored = storage_.data() + address, *data = transaction.get_data_ptr();
  if (transaction.is_read())
    std::copy_n(stored, bytes, data);
  else
    std::copy_n(data, bytes, stored);
  return true;
}

sc_core::sc_time Dram::time_of_run(std::uint64_t address, std::uint64_t bytes) const {
  const auto bursts = static_cast<double>(touched(address, bytes, timing_.burst_bytes));
  sc_core::sc_time time = picoseconds(std::ceil(bursts * timing_.burst_ps));
  if (timing_.page_bytes > 0)
    time += picoseconds(static_cast<double>(touched(address, bytes, timing_.page_bytes) * timing_.page_ps));
  return time;
}

}  // namespace quatrain::rtl_models
