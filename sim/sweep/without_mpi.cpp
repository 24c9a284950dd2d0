#include "sim/sweep/ranks.hpp"
#include "traces/base/error.hpp"

#include <cstdlib>

namespace quatrain::sim {

std::optional<std::string> mpi_missing() {
  return "this program was built without Boost.MPI (Debian package libboost-mpi-dev)";
}

std::unique_ptr<Ranks> Ranks::of_mpirun() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"})
    if (const char* size = std::getenv(name); size != nullptr && std::atoi(size) > 1)
      throw base::Error("started by mpirun, but {}", *mpi_missing());
  return nullptr;
}

}  // namespace quatrain::sim
