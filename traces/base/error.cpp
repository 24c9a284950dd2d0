#include "traces/base/error.hpp"

namespace quatrain::base {

std::string printable(std::string_view text) {
  constexpr std::size_t most = 80;
  std::string line;
  for (const char character : text.substr(0, most)) {
    const bool is_plain = character >= ' ' && character <= '~';
    line += is_plain ? std::string(1, character)
                     : fmt::format("\\x{:02x}", static_cast<unsigned char>(character));
  }
  return text.size() > most ? line + "..." : line;
}

}  // namespace quatrain::base
