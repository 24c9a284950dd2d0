#include "traces/base/names.hpp"

#include "traces/base/error.hpp"

namespace quatrain::base {

bool is_name(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  return !text.empty() && text.size() <= 100 && text.find_first_not_of(alphabet) == std::string_view::npos;
}

std::string read_file_name(const JsonNode& node) {
  std::string name = node.string(1, 100);
  if (!is_name(name) || name.front() == '.')
    throw node.error("found '{}'; expected characters of A-Z a-z 0-9 _ . -, no dot in front",
                     printable(name));
  return name;
}

}  // namespace quatrain::base
