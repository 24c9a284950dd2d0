#include "sim/sweep/ranks.hpp"

#include "traces/base/error.hpp"

#include <boost/mpi/communicator.hpp>
#include <boost/mpi/environment.hpp>

#include <algorithm>
#include <cstdlib>

namespace quatrain::sim {
namespace {

namespace mpi = boost::mpi;

enum Tag : int { ready_tag, failed_tag, point_tag, line_tag, end_tag };

/// What the launchers of Open MPI and MPICH tell their processes.
bool is_started_by_mpirun() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"})
    if (const char* size = std::getenv(name); size != nullptr && std::atoi(size) > 1) return true;
  return false;
}

struct Message {
  int from = 0, tag = 0;
  std::string text;
};

class MpiRanks final : public Ranks {
 public:
  ~MpiRanks() override {
    if (!hands_out()) return;
    while (taken_ > 0 || ready_ + 1 < count()) receive();  // nobody may wait for an answer at the end
    for (int rank = 1; rank < count(); ++rank) send(rank, end_tag, "");
  }

  bool hands_out() const override { return world_.rank() == 0; }
  int count() const override { return world_.size(); }

  void require_same(const std::string& identity) override {
    while (ready_ + 1 < count()) {
      const Message message = receive();
      if (message.tag == failed_tag) throw base::Error("rank {}: {}", message.from, message.text);
      if (message.text != identity)
        throw base::Error(
            "rank {}: has another study, design or workload, or another version of the program; expected "
            "the same files on all computers",
            message.from);
    }
  }

  /// Each of the others has one design and the next one, so that it never waits.
  void run(const std::vector<std::uint64_t>& points, const Simulate& simulate, const Done& done,
           const std::function<bool()>& stops) override {
    std::size_t next = 0;
    const auto hand_out = [&](int rank) {
      if (next == points.size()) return;
      send(rank, point_tag, std::to_string(points[next++]));
      ++taken_;
    };
    for (int round = 0; round < 2; ++round)
      for (int rank = 1; rank < count(); ++rank) hand_out(rank);
    while (taken_ > 0 || next < points.size()) {
      if (stops && stops()) throw base::Interrupted();
      if (next < points.size() && !world_.iprobe(mpi::any_source, line_tag)) {
        const std::uint64_t point = points[next++];
        done(point, simulate(point));
        continue;
      }
      const Message message = receive();
      hand_out(message.from);
      const std::size_t space = message.text.find(' ');
      done(std::stoull(message.text.substr(0, space)), message.text.substr(space + 1));
    }
  }

  void serve(const std::function<std::string()>& identity, const Simulate& simulate) override {
    try {
      send(0, ready_tag, identity());
    } catch (const base::Error& error) {
      send(0, failed_tag, error.what());
    }
    for (;;) {
      const Message message = receive();
      if (message.tag == end_tag) return;
      send(0, line_tag, message.text + " " + simulate(std::stoull(message.text)));
    }
  }

 private:
  void send(int rank, int tag, const std::string& text) {
    world_.send(rank, tag, text.data(), static_cast<int>(text.size()));
  }

  Message receive() {
    const mpi::status status = world_.probe(mpi::any_source, mpi::any_tag);
    Message message{status.source(), status.tag(),
                    std::string(static_cast<std::size_t>(*status.count<char>()), ' ')};
    world_.recv(message.from, message.tag, message.text.data(), static_cast<int>(message.text.size()));
    if (message.tag == line_tag) --taken_;
    if (message.tag == ready_tag || message.tag == failed_tag) ++ready_;
    return message;
  }

  mpi::environment environment_{/*abort_on_exception=*/false};
  mpi::communicator world_;
  std::uint64_t taken_ = 0;  ///< designs that others have and have not sent back
  int ready_ = 0;            ///< ranks that have said whether they can
};

}  // namespace

std::unique_ptr<Ranks> Ranks::of_mpirun() {
  return is_started_by_mpirun() ? std::make_unique<MpiRanks>() : nullptr;
}

std::optional<std::string> mpi_missing() { return std::nullopt; }

}  // namespace quatrain::sim
