#include "traces/encoding/codes.hpp"

namespace quatrain::traces {
namespace {
constexpr std::array<std::string_view, 5> names = {"fp32", "int32", "int4", "uint4", "fp4_e3m0"};
}

std::string_view name_of(Encoding encoding) { return names.at(static_cast<std::size_t>(encoding)); }

std::optional<Encoding> encoding_named(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<Encoding>(i);
  return std::nullopt;
}

}  // namespace quatrain::traces
