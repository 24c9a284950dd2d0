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

/// What a wire, or the clock tree, takes over the side of a PE: its length follows from the area of the
/// gates.
struct PePitch {
  enum class What : std::uint8_t {
    wire,       ///< one bit into the next PE
    clock_tree  ///< a PE's share of the tree in one cycle
  };
  What what = What::wire;
  std::uint64_t gates = 0;  ///< NAND2 equivalents of a PE with its registers
  friend bool operator==(const PePitch&, const PePitch&) = default;
};

/// Area, in um2 per unit, with its origin.
struct AreaConstant {
  Bounds um2;
  Constant origin;  ///< its pj is unused
};

class Technology {
 public:
  /// Throws Error that names file and JSON pointer.
  static Technology read(const base::JsonNode& root);

  std::string table_sha256;  ///< of the file that it was read from; "" when nobody set it

  const std::string& name() const { return name_; }
  /// Throws Error where the table has no such row, or has it in another unit.
  const Constant& row(TechnologyRow row) const;
  /// The size is any from the table's smallest to 64 MiB; between two sizes log(energy) is interpolated on
  /// log(size), beyond the largest it grows (sram_growth.hpp).
  /// The width is any from 1 to the table's largest: between two widths log(energy) is interpolated on
  /// log(width) too.
  Constant sram(const SramWord& word) const;
  Constant over_pe(const PePitch& pitch) const;
  const AreaConstant& nand2_area() const { return nand2_area_; }  ///< of a NAND2 equivalent, placed
  const AreaConstant& sram_area() const { return sram_area_; }    ///< of a KiB

 private:
  struct Word {
    unsigned kib;
    Bounds read, write;
  };
  void read_sram(const base::JsonNode& node);
  void read_area(const base::JsonNode& node);
  Constant sram_of_width(unsigned width_bits, double kib, Access access) const;

  std::string name_;
  std::optional<base::JsonNode> source_;               ///< for messages
  std::map<std::string, Constant, std::less<>> rows_;  ///< those that the table has
  Constant sram_;                                      ///< its origin; pj is unused
  AreaConstant nand2_area_, sram_area_;
  std::map<unsigned, std::vector<Word>> words_;  ///< by width, sizes ascending
};

/// Widths and sizes that every table has.
inline constexpr unsigned sram_widths[] = {64, 128, 256, 512};
inline constexpr unsigned sram_kib[] = {8, 16, 32, 64, 128, 256};

/// All rows that this program can price.
std::vector<TechnologyRow> known_rows();
/// Technology::sram() takes it.
bool is_priced(const SramWord& word);

}  // namespace quatrain::sim
