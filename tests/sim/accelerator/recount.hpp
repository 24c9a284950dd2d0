#pragma once
/// What `quatrain sim` has to say of a trace, counted by other code: written from docs/hardware-model.md and
/// docs/energy.md alone, tile by tile and element by element. Nothing here comes from sim/.

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace quatrain::tests {

struct Recounted {
  std::string layer, phase;
  /// By column of the CSV. Activity is not among them.
  std::map<std::string, double> figures;
  /// Events by component and constant.
  std::map<std::string, std::map<std::string, double>> events;
  /// What the quantizers before it read and write, request by request, in bytes.
  std::vector<std::uint64_t> quantizer_requests;
};

struct Recount {
  std::vector<Recounted> records;
  std::map<std::string, double> total;  ///< the same names
  /// By technology, component, constant: events.
  std::map<std::string, std::map<std::string, std::map<std::string, double>>> events;
  /// By technology, component, bound: pJ.
  std::map<std::string, std::map<std::string, std::map<std::string, double>>> energy_pj;
};

/// `tables`: the config's technology tables, in its order.
Recount recount(const nlohmann::json& manifest, const nlohmann::json& config,
                const std::vector<nlohmann::json>& tables);

}  // namespace quatrain::tests
