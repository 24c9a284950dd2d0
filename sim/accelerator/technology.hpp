#pragma once
/// Energy constants of one process node, read strictly from configs/technology/*.json. Each has low, nominal
/// and high, and says where it comes from (docs/energy.md). All energies are in pJ.

#include "sim/accelerator/technology_row.hpp"
#include "traces/base/strict_json.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

struct Bounds {
  double low = 0, nominal = 0, high = 0;

  Bounds& operator+=(const Bounds& other);
  friend Bounds operator*(double factor, const Bounds& bounds);
};

/// How a constant is known, the surest first.
inline constexpr std::array<std::string_view, 4> kind_words = {"measured", "published", "derived", "assumed"};

/// Of the supply, at which a constant holds.
struct Voltage {
  double volts = 0;
  std::string kind;  ///< one of kind_words
};
/// "0.7 V (assumed)"; "0.9 V" where it is published; "not stated" for nothing.
std::string text_of(const std::optional<Voltage>& voltage);
/// {"volts": 0.7, "kind": "assumed"}, or null. Throws Error that names file and JSON pointer.
std::optional<Voltage> read_voltage(const base::JsonNode& node);

/// One constant: what a single event costs, and its origin.
struct Constant {
  Bounds pj;
  std::string unit;  ///< "pJ per operation", ...
  std::string kind;  ///< one of kind_words
  std::string source, node, conditions;
  std::optional<Voltage> voltage;  ///< nothing where the source names none
  std::string family;              ///< constants whose bounds move together: "energy per gate"
};

enum class Access : std::uint8_t { read, write };

/// One access to a word of a single-port SRAM. A side's half of an odd operand buffer is no whole number of
/// KiB.
struct SramWord {
  double kib = 0;
  unsigned width_bits = 0;
  Access access = Access::read;
  friend bool operator==(const SramWord&, const SramWord&) = default;
};

class Technology {
 public:
  /// Throws Error that names file and JSON pointer.
  static Technology read(const base::JsonNode& root);

  std::string table_sha256;  ///< of the file that it was read from; "" when nobody set it

  const std::string& name() const { return name_; }
  /// Throws Error where the table has no such row, or has it in another unit.
  const Constant& row(TechnologyRow row) const;
  /// The width must be one of the table's (sram_widths), the size from its smallest to 64 MiB; between two
  /// sizes log(energy) is interpolated on log(size), beyond the largest it grows (sram_growth.hpp).
  Constant sram(const SramWord& word) const;

 private:
  struct Word {
    unsigned kib;
    Bounds read, write;
  };
  void read_sram(const base::JsonNode& node);

  std::string name_;
  std::optional<base::JsonNode> source_;               ///< for messages
  std::map<std::string, Constant, std::less<>> rows_;  ///< those that the table has
  Constant sram_;                                      ///< its origin; pj is unused
  std::map<unsigned, std::vector<Word>> words_;        ///< by width, sizes ascending
};

/// Widths and sizes that every table has.
inline constexpr unsigned sram_widths[] = {64, 128, 256, 512};
inline constexpr unsigned sram_kib[] = {8, 16, 32, 64, 128, 256};

/// All rows that this program can price.
std::vector<TechnologyRow> known_rows();
/// Technology::sram() takes it.
bool is_priced(const SramWord& word);

}  // namespace quatrain::sim
