#include "sim/records/provenance.hpp"

#include "sim/records/result_file.hpp"

#include <nlohmann/json.hpp>

namespace quatrain::sim {

nlohmann::ordered_json to_json_object(const Provenance& provenance) {
  nlohmann::ordered_json inputs = nlohmann::ordered_json::array();
  for (const Input& input : provenance.inputs)
    inputs.push_back({{"file", input.name}, {"sha256", input.sha256}});
  return {{"command", provenance.command}, {"program", provenance.program}, {"inputs", inputs}};
}

std::string with_provenance(const std::string& json, const Provenance& provenance, int indent) {
  nlohmann::ordered_json object = nlohmann::ordered_json::parse(json);
  object["provenance"] = to_json_object(provenance);
  return json_text(object, indent);
}

std::string shell_word(const std::string& word) {
  constexpr const char* plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:=@%~";
  if (!word.empty() && word.front() != '~' && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'')
      text += "'\\''";
    else
      text += c;
  }
  text += '\'';
  return text;
}

std::string shell_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    line += shell_word(word);
  }
  return line;
}

}  // namespace quatrain::sim
