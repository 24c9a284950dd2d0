#pragma once
/// How a result came about: the command line as typed, the program, and what it read. It stands in every JSON
/// file that a command leaves, under "provenance".

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace quatrain::sim {

/// One file that a result depends on. A name inside the program ("luq_32x32") stands for an embedded one.
struct Input {
  std::string name, sha256;
};

struct Provenance {
  std::string
      command;  ///< quoted so that a shell runs it again; relative paths count from where it was typed
  std::string program;  ///< "quatrain 0.1.0"
  std::vector<Input> inputs = {};
};

nlohmann::ordered_json to_json_object(const Provenance& provenance);

/// The text of a JSON result, an object, with the key "provenance" behind all others.
std::string with_provenance(const std::string& json, const Provenance& provenance, int indent);

/// One word of a command line for a shell: in single quotes where it is not plain.
std::string shell_word(const std::string& word);
/// Words with a space between them.
std::string shell_line(const std::vector<std::string>& words);

}  // namespace quatrain::sim
