#include "sim/external/host.hpp"

#include "sim/external/protocol.hpp"
#include "traces/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <exception>
#include <string_view>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>
#include <vector>

namespace quatrain::sim::external {
namespace {

Notes* notes = nullptr;  // a signal handler can reach nothing else

template <std::size_t size>
void put(std::array<char, size>& room, std::string_view text) {
  const std::size_t count = std::min(text.size(), size - 1);
  std::copy_n(text.begin(), count, room.begin());
  room[count] = 0;
}

template <typename Message>
void send_message(const Message& message) {
  if (send(control_fd, &message, sizeof message, MSG_NOSIGNAL) != static_cast<ssize_t>(sizeof message))
    _exit(lost_connection);
}

Access access_of([[maybe_unused]] const void* context) {
#if defined(__x86_64__)
  constexpr greg_t page_fault = 14, write_bit = 2;
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  if (registers[REG_TRAPNO] == page_fault)
    return (registers[REG_ERR] & write_bit) != 0 ? Access::write : Access::read;
#endif
  return Access::unknown;
}

/// A wrong access comes again as soon as the handler is left, and then ends the process. A signal that was
/// sent does not.
extern "C" void note_fault(int signal, siginfo_t* info, void* context) {
  std::signal(signal, SIG_DFL);
  if (info->si_code <= 0) {
    raise(signal);
    return;
  }
  notes->fault_address = reinterpret_cast<std::uint64_t>(info->si_addr);
  notes->fault_signal = signal;
  notes->access = access_of(context);
}

/// As a program has them that nobody prepared, but for the signals that a wrong access raises.
void set_signal_handlers() {
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_DFL);
  static std::array<std::byte, 64 * 1024> stack;  // the kernel's own may be what overflowed
  stack_t alternative{};
  alternative.ss_sp = stack.data();
  alternative.ss_size = stack.size();
  sigaltstack(&alternative, nullptr);
  struct sigaction action {};
  action.sa_sigaction = note_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int signal : {SIGSEGV, SIGBUS}) sigaction(signal, &action, nullptr);
}

void map_notes() {
  void* const memory = mmap(nullptr, grain, PROT_READ | PROT_WRITE, MAP_SHARED, results_fd, 0);
  if (memory == MAP_FAILED)
    throw base::Error("kernel-host: not started by `quatrain verify --kernel`; expected its shared memory");
  notes = static_cast<Notes*>(memory);
}

std::string without_path(std::string_view text, const std::string& library) {
  const std::string prefix = library + ": ";
  return std::string(text.starts_with(prefix) ? text.substr(prefix.size()) : text);
}

/// Throws Error with the reason why the library has no kernel for us.
const qt_kernel& load(const std::string& library) {
  void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw base::Error("cannot be loaded: {}", without_path(dlerror(), library));
  const auto entry = reinterpret_cast<const qt_kernel* (*)()>(dlsym(handle, "qt_kernel_entry"));
  if (entry == nullptr)
    throw base::Error("no function qt_kernel_entry; expected one as in quatrain/kernel_abi.h");
  const qt_kernel* const kernel = entry();
  if (kernel == nullptr) throw base::Error("qt_kernel_entry gave NULL; expected a qt_kernel");
  if (kernel->struct_size < offsetof(qt_kernel, capabilities))
    throw base::Error("its qt_kernel has struct_size {}; expected {}", kernel->struct_size,
                      sizeof(qt_kernel));
  if (kernel->abi_version != QT_KERNEL_ABI_VERSION)
    throw base::Error("its abi_version is {}; expected {}", kernel->abi_version, QT_KERNEL_ABI_VERSION);
  if (kernel->struct_size < sizeof(qt_kernel))
    throw base::Error("its qt_kernel has struct_size {}; expected {}", kernel->struct_size,
                      sizeof(qt_kernel));
  if (kernel->multiply == nullptr && kernel->quantize == nullptr)
    throw base::Error("its qt_kernel has neither multiply nor quantize; expected at least one");
  return *kernel;
}

/// The buffers of one call at their addresses, and poison and guards around them.
class MappedRegions {
 public:
  explicit MappedRegions(const Request& request) {
    for (std::size_t i = 0; i < request.region_count; ++i) {
      add(request.regions[i]);
      notes->mapped_at[i] = reinterpret_cast<std::uint64_t>(mappings_.back().begin) + guard;
    }
  }
  ~MappedRegions() {
    for (const Mapping& mapping : mappings_) munmap(mapping.begin, mapping.bytes);
  }
  MappedRegions(const MappedRegions&) = delete;
  MappedRegions& operator=(const MappedRegions&) = delete;

  /// Null where the call has no such buffer.
  template <typename Element>
  Element* at(Slot slot, unsigned sample = 0) const {
    for (const Mapping& mapping : mappings_)
      if (mapping.region.slot == slot && mapping.region.sample == sample)
        return reinterpret_cast<Element*>(mapping.begin + guard + mapping.region.data_offset);
    return nullptr;
  }

 private:
  struct Mapping {
    Region region;
    char* begin;  ///< of the guard before it
    std::size_t bytes;
  };

  void add(const Region& region) {
    const std::size_t bytes = guard + region.mapped_bytes + guard;
    void* const room = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) throw base::Error("{} bytes of addresses: {}", bytes, std::strerror(errno));
    mappings_.push_back({region, static_cast<char*>(room), bytes});
    const bool is_read_only = is_operand(region.slot);
    if (mmap(mappings_.back().begin + guard, region.mapped_bytes,
             is_read_only ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
             is_read_only ? operands_fd : results_fd, static_cast<off_t>(region.file_offset)) == MAP_FAILED)
      throw base::Error("{} bytes of shared memory: {}", region.mapped_bytes, std::strerror(errno));
  }

  std::vector<Mapping> mappings_;
};

std::int32_t call_kernel(const qt_kernel& kernel, const MappedRegions& regions, GemmCall& call) {
  std::array<const std::uint8_t*, most_samples> right{};
  for (unsigned sample = 0; sample < right.size(); ++sample)
    right[sample] = regions.at<const std::uint8_t>(Slot::right, sample);
  call.task.left = regions.at<const std::uint8_t>(Slot::left);
  call.task.right = right.data();
  call.result.accumulators = regions.at<std::int32_t>(Slot::accumulators);
  call.result.output = regions.at<float>(Slot::output);
  call.result.text = regions.at<char>(Slot::text);
  return kernel.multiply(&call.task, &call.result);
}

std::int32_t call_kernel(const qt_kernel& kernel, const MappedRegions& regions, QuantizerCall& call) {
  call.task.source = regions.at<const float>(Slot::source);
  call.result.codes = regions.at<std::uint8_t>(Slot::codes);
  call.result.text = regions.at<char>(Slot::text);
  return kernel.quantize(&call.task, &call.result);
}

Reply answer(const qt_kernel& kernel, const Request& request) {
  Reply reply;
  reply.call = request.call;
  try {
    const MappedRegions regions(request);
    try {
      reply.status = std::visit([&](auto& call) { return call_kernel(kernel, regions, call); }, reply.call);
    } catch (const std::exception& error) {
      reply.outcome = Outcome::threw;
      put(reply.text, error.what());
    } catch (...) {
      reply.outcome = Outcome::threw;
      put(reply.text, "no std::exception");
    }
  } catch (const base::Error& error) {
    reply.outcome = Outcome::no_memory;
    put(reply.text, error.what());
  }
  return reply;
}

}  // namespace

void run_kernel_host(const std::string& library) {
  map_notes();
  set_signal_handlers();
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // what the kernel prints before it crashes is not lost
  Loaded loaded;
  const qt_kernel* kernel = nullptr;
  try {
    kernel = &load(library);
    loaded.capabilities = kernel->capabilities;
    loaded.multiplies = kernel->multiply != nullptr;
    loaded.quantizes = kernel->quantize != nullptr;
    put(loaded.name, kernel->name != nullptr ? kernel->name : "");
  } catch (const base::Error& error) {
    put(loaded.error, error.what());
  }
  send_message(loaded);
  for (Request request;;) {
    const ssize_t received = recv(control_fd, &request, sizeof request, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received == 0) _exit(0);  // quatrain is done
    if (received != static_cast<ssize_t>(sizeof request)) _exit(lost_connection);
    const Reply reply = answer(*kernel, request);
    std::fflush(stdout);
    send_message(reply);
  }
}

}  // namespace quatrain::sim::external
