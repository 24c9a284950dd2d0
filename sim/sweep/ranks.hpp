#pragma once
/// A sweep as several processes of one `mpirun` (MPI: message passing interface). Rank 0 hands designs out
/// and keeps the journal; it simulates too while nobody waits for it. ranks.cpp alone sees MPI.

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim {

class Ranks {
 public:
  /// Nothing for a process that no mpirun has started, or that is its only one: MPI is not touched then.
  /// Throws Error where it has, and this program was built without MPI.
  static std::unique_ptr<Ranks> of_mpirun();
  virtual ~Ranks() = default;

  virtual bool hands_out() const = 0;  ///< rank 0
  virtual int count() const = 0;

  /// A line of the journal for a design.
  using Simulate = std::function<std::string(std::uint64_t point)>;
  /// Takes a line; of several ranks one after the other, on rank 0.
  using Done = std::function<void(std::uint64_t point, const std::string& line)>;

  /// Rank 0: throws Error, naming the rank, unless all others have the same `identity` of the study.
  virtual void require_same(const std::string& identity) = 0;
  /// Rank 0: all points, by all ranks. Throws Interrupted when `stops` says so.
  virtual void run(const std::vector<std::uint64_t>& points, const Simulate& simulate, const Done& done,
                   const std::function<bool()>& stops) = 0;
  /// The others: simulates what rank 0 hands out, until it ends. `identity` may throw, which rank 0 is told.
  virtual void serve(const std::function<std::string()>& identity, const Simulate& simulate) = 0;
};

/// Why a sweep cannot run under mpirun; nothing where it can.
std::optional<std::string> mpi_missing();

}  // namespace quatrain::sim
