#pragma once
/// Causes by how much they explain.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace quatrain::sim::diagnosis {

/// What is said in the end: one cause with its evidence, or that none is known.
struct Diagnosis {
  std::string cause;     ///< "k_tail.8"; "unknown"
  std::string evidence;  ///< a sentence with figures
  std::uint64_t records = 0,
                explained = 0;  ///< differing records that were looked at; those that it explains
  std::vector<std::string>
      also;  ///< causes that give the same bits in as many records, the most special first
  friend bool operator==(const Diagnosis&, const Diagnosis&) = default;
};

inline constexpr const char* unknown_cause = "unknown";
inline constexpr const char* trace_cause = "trace_alone";  ///< the trace is the odd one

class Ranking {
 public:
  void add_record() { ++records_; }
  /// `order`: the more special cause has the lower one. `evidence`: of this record.
  void explains(const std::string& cause, std::size_t order, const std::string& scope,
                const std::string& evidence);
  /// An equal record of the cause's scope would differ.
  void is_contradicted(const std::string& cause);
  /// The causes that explain most, and in which scopes.
  std::map<std::string, std::set<std::string>> leaders() const;
  std::optional<Diagnosis> diagnosis() const;

 private:
  struct Entry {
    std::size_t order = 0;
    std::uint64_t explained = 0, contradicted = 0;
    std::set<std::string> scopes;
    std::string evidence;  ///< of its first record
  };
  std::vector<std::pair<std::string, Entry>> sorted() const;

  std::uint64_t records_ = 0;
  std::map<std::string, Entry> entries_;
};

}  // namespace quatrain::sim::diagnosis
