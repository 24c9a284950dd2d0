#pragma once
/// The report of a demo whose figures all differ: real commands make the directory, the expected values are
/// summed here from the files that they left. What the report shows is compared by subject, each in a file.
#include "tests/sim/report/page_reader.hpp"
#include "tests/support/program.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace quatrain::tests {

struct EnergySums {
  double low = 0, nominal = 0, high = 0;  ///< pJ
  void add(const nlohmann::json& energy);
};

/// A layer and phase of a design, or all of it, summed from the records of its file.
struct Sums {
  std::uint64_t records = 0, cycles = 0, macs = 0, in_range = 0, tiles = 0, outputs = 0, streamed = 0,
                memory_bound = 0;
  std::uint64_t left = 0, right = 0, result = 0, quantizer = 0;
  std::uint64_t lane_cycles = 0;  ///< 0 in a design without lanes
  double milliseconds = 0, dram_milliseconds = 0, longer = 0;
  std::map<std::string, EnergySums> energy_pj;

  void add(const nlohmann::json& record, const nlohmann::json& config);
};

struct DesignSums {
  nlohmann::json file;
  Sums all;
  std::vector<std::pair<std::string, std::string>> places;  ///< layer and phase, layers as they first occur
  std::map<std::pair<std::string, std::string>, Sums> parts;

  explicit DesignSums(const std::filesystem::path& path);
  double pes() const;
};

/// The demo's directory, made by the program, and the report of it.
class ShownDemo {
 public:
  ShownDemo();

  std::string at() const { return folder.path().string(); }
  const nlohmann::json& json_at(const std::string& pointer) const {
    return figures.at(nlohmann::json::json_pointer(pointer));
  }

  Folder folder;
  std::string terminal;
  std::map<std::string, ShownTable> terminal_tables;
  ShownPage page;
  nlohmann::json figures;
  std::map<std::string, DesignSums> designs;

 private:
  ProgramRun run(const std::string& arguments) const;

  /// A cross-check that finds everything equal has many equal figures; here each is another number.
  void spread_cross_check() const;
};

nlohmann::json read_json(const std::filesystem::path& file);

/// Rows of a CSV file by column.
std::vector<std::map<std::string, std::string>> read_csv(const std::filesystem::path& file);

void expect_training(const ShownDemo& shown);
void expect_layers(const ShownDemo& shown);
void expect_gradients(const ShownDemo& shown);
void expect_gradient_curves(const ShownDemo& shown);
void expect_codes(const ShownDemo& shown);
void expect_cross_check(const ShownDemo& shown);
void expect_cycles(const ShownDemo& shown);
void expect_energies(const ShownDemo& shown);
/// The pictures and figures of a training step, against `quatrain step`.
void expect_steps(const ShownDemo& shown);
void expect_ratios(const ShownDemo& shown);

}  // namespace quatrain::tests
