#pragma once
/// A memory that nobody of rtl_models wrote: a TLM-2.0 target that blocks inside of its transport, for as
/// long as `delay` says. Needs SystemC (quatrain_systemc). docs/guides/memory.md shows it.

#include <systemc>

#include <cstdint>
#include <functional>
#include <map>
#include <tlm>
#include <tlm_utils/simple_target_socket.h>

namespace quatrain::tests {

class ForeignMemory final : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<ForeignMemory> socket{"socket"};
  std::function<sc_core::sc_time(const tlm::tlm_generic_payload&)> delay;
  std::uint64_t size = UINT64_MAX;  ///< bytes; behind them there is nothing

  explicit ForeignMemory(const sc_core::sc_module_name& name) : sc_module(name) {
    socket.register_b_transport(this, &ForeignMemory::b_transport);
    socket.register_transport_dbg(this, &ForeignMemory::transport_dbg);
  }

 private:
  void b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time&) {
    if (transaction.get_address() + transaction.get_data_length() > size) {
      transaction.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
      return;
    }
    wait(delay(transaction));
    transport_dbg(transaction);
    transaction.set_response_status(tlm::TLM_OK_RESPONSE);
  }

  unsigned transport_dbg(tlm::tlm_generic_payload& transaction) {
    for (unsigned i = 0; i < transaction.get_data_length(); ++i) {
      std::uint8_t& stored = bytes_[transaction.get_address() + i];
      std::uint8_t& moved = transaction.get_data_ptr()[i];
      transaction.is_read() ? moved = stored : stored = moved;
    }
    return transaction.get_data_length();
  }

  std::map<std::uint64_t, std::uint8_t> bytes_;
};

}  // namespace quatrain::tests
