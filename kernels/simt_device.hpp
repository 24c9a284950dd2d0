#pragma once
/// The SIMT runtime as a device of ours: the same interface as cuda/device.cuh, on the threads of a pool.
/// Included through platform.hpp, which names the namespace.

#include "traces/base/error.hpp"
#include "traces/base/parallel_for.hpp"

#include "simt/device.hpp"
#include "simt/language.hpp"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

using namespace ::simt;

class PoolWorkers : public Workers {
 public:
  explicit PoolWorkers(base::ThreadPool& pool) : pool_(pool) {}
  unsigned count() const override { return pool_.thread_count(); }
  void for_each(std::size_t count, const std::function<void(std::size_t)>& body) override {
    pool_.parallel_for(count, body);
  }

 private:
  base::ThreadPool& pool_;
};

class Device : private PoolWorkers, public ::simt::Device {
 public:
  Device(base::ThreadPool& pool, const Options& options)
      : PoolWorkers(pool), ::simt::Device(workers(), {options.order, options.seed, has_checks}) {}

  static std::string name() { return has_checks ? "CPU fibers, checked" : "CPU fibers"; }

  template <typename... Arguments>
  void launch(Arguments&&... arguments) try {
    ::simt::Device::launch(std::forward<Arguments>(arguments)...);
  } catch (const ::simt::Error& error) {
    throw base::Error("{}", error.what());
  }

 private:
#if defined(QUATRAIN_SIMT_CHECKED)
  static constexpr bool has_checks = true;
#else
  static constexpr bool has_checks = false;
#endif
  Workers& workers() { return *this; }
};

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
