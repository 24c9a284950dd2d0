#pragma once
/// Reads a VCD file (value change dump, IEEE 1364): the value of every wire at any rising edge of a clock.

#include <cstdint>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace quatrain::tests {

class Vcd {
 public:
  /// Of a wire by its path below the outermost scope ("pe_0_1.accumulator"), two's complement.
  using Values = std::map<std::string, std::int64_t>;

  explicit Vcd(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> scopes;
    for (std::string word; in >> word;) {
      if (word == "$scope") {
        in >> word >> word;
        scopes.push_back(word);
      } else if (word == "$upscope") {
        scopes.pop_back();
      } else if (word == "$var") {
        Wire wire;
        std::string kind, name;
        in >> kind >> wire.bits >> word >> name;
        for (std::size_t s = scopes.size(); s > 1; --s) name = scopes[s - 1] + "." + name;
        wire.name = name;
        wires_[word] = wire;
        while (word != "$end" && in >> word) continue;  // "[31:0]"
      } else if (word == "$dumpvars") {
        continue;
      } else if (word[0] == '$') {  // a comment, the version, ...
        while (word != "$end" && in >> word) continue;
      } else if (word[0] == '#') {
        edge();
      } else if (word[0] == 'b') {
        std::string id;
        in >> id;
        change(id, word.substr(1));
      } else {
        change(word.substr(1), word.substr(0, 1));
      }
    }
    edge();
    last = now_;
  }

  std::vector<Values> before;  ///< what stood on the wires when the clock rose, for each rising edge
  Values last;                 ///< at the end

 private:
  struct Wire {
    unsigned bits = 0;
    std::string name;
  };

  void change(const std::string& id, const std::string& digits) {
    const Wire& wire = wires_.at(id);
    std::int64_t value = 0;
    for (const char digit : digits) {
      if (digit != '0' && digit != '1') throw std::runtime_error(wire.name + " has no value: " + digits);
      value = 2 * value + (digit - '0');
    }
    // A number of fewer digits is extended by zeros.
    if (wire.bits == 32 && value >= std::int64_t{1} << 31) value -= std::int64_t{1} << 32;
    coming_[wire.name] = value;
  }

  /// All changes of one time are there.
  void edge() {
    const auto clock = coming_.find("clock");
    if (clock != coming_.end() && clock->second == 1 && now_["clock"] == 0) before.push_back(now_);
    for (const auto& [name, value] : coming_) now_[name] = value;
    coming_.clear();
  }

  std::map<std::string, Wire> wires_;  ///< by its short name
  Values now_, coming_;
};

}  // namespace quatrain::tests
