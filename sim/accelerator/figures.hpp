#pragma once
/// Every figure of a simulation, as data: what it is called, what it means, and where it stands in a Tally.
/// Terminal table, CSV, JSON and report render this list; to add a figure is to add an entry. The JSON schema
/// (configs/schemas/simulation.schema.json) has to name it too, which a test asserts.

#include "sim/accelerator/config.hpp"
#include "sim/accelerator/tally.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace quatrain::sim {

/// What is counted or measured: it decides how a figure is printed, never its value.
enum class Quantity : std::uint8_t { count, bytes, share, milliseconds };

struct Figure {
  /// Counts and times are stored: a file that has them is read back into a Tally. Null where there is none.
  using Count = const std::uint64_t* (*)(const Tally&);
  using Time = const double* (*)(const Tally&);
  /// The others follow from those.
  using Derived = double (*)(const AcceleratorConfig&, const Tally&);
  using Value = std::variant<std::uint64_t, double>;

  std::string_view group;    ///< JSON object in which it stands; "" for none
  std::string_view name;     ///< key there; the column of the CSV is GROUP_NAME
  std::string_view heading;  ///< in tables
  Quantity quantity;
  std::string_view description;
  std::variant<Count, Time, Derived> in_tally;

  std::string column() const;
  /// Nothing for activity that was not simulated and for stalls that were not asked for.
  std::optional<Value> value(const AcceleratorConfig& config, const Tally& tally) const;
};

/// In the order of every output; those of one group stand together.
std::span<const Figure> figures();
/// "cycles", "utilization_overall": by column. The name is one of the list's.
const Figure& figure(std::string_view column);

/// For people: counts as they are, shares in percent, milliseconds with six decimals; "-" for nothing.
std::string text_of(Quantity quantity, const std::optional<Figure::Value>& value);
/// "%", "ms", "bytes"; "" for a count.
std::string_view unit_of(Quantity quantity);

/// The three columns of every energy.
struct Bound {
  std::string_view name;
  double Bounds::*member;
};
inline constexpr std::array<Bound, 3> bounds_in_order = {
    {{"low", &Bounds::low}, {"nominal", &Bounds::nominal}, {"high", &Bounds::high}}};

}  // namespace quatrain::sim
