#include "tests/traces/fuzz/json_mutation.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <utility>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace quatrain::tests {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned deepest = 70;  // the reader refuses more than 64 levels

std::size_t below(std::size_t end, std::mt19937& random) { return random() % end; }

/// Adds `node` and all within it to `all`; false if they lie too deep.
bool list_values(Json& node, unsigned level, std::vector<Json*>& all) {
  if (level > deepest) return false;
  all.push_back(&node);
  if (node.is_structured())
    for (Json& child : node)
      if (!list_values(child, level + 1, all)) return false;
  return true;
}

/// Sizes at the ends of ranges, and every type.
Json surprise(std::mt19937& random) {
  static const Json values = Json::parse(R"([null, true, "", "0", "7fc00000", [], {}, [1, 2], 1.5, -1, 0, 1,
    1073741824, 2147483647, 2147483648, 4294967295, 4294967296, 9223372036854775807, 18446744073709551615])");
  return values[below(values.size(), random)];
}

std::string mutated(std::string text) {
  const std::size_t size = text.size();
  text.resize(size + 16);
  text.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(text.data()), size, text.size()));
  return text;
}

Json& value_of(Json& item) { return item; }
Json& value_of(std::pair<const std::string, Json>& member) { return member.second; }

template <typename Items>
void change_items(Items& items, std::mt19937& random) {
  if (items.empty()) return;
  const auto at = items.begin() + static_cast<std::ptrdiff_t>(below(items.size(), random));
  const auto next = at + 1 == items.end() ? items.begin() : at + 1;
  switch (below(3, random)) {
    case 0:
      items.erase(at);
      return;
    case 1: {
      const auto copy = *at;
      items.push_back(copy);
      return;
    }
    default:
      std::swap(value_of(*at), value_of(*next));
  }
}

void change_value(Json& value, std::mt19937& random) {
  if (auto* members = value.get_ptr<Json::object_t*>())
    change_items(*members, random);
  else if (auto* items = value.get_ptr<Json::array_t*>())
    change_items(*items, random);
  else if (auto* text = value.get_ptr<Json::string_t*>())
    *text = mutated(*text);
  else if (value.is_number_integer())
    value = static_cast<std::int64_t>(value.get<std::uint64_t>() + (random() % 2 == 0 ? 1 : UINT64_MAX));
  else
    value = surprise(random);
}

}  // namespace

std::optional<std::string> with_changed_json(std::string_view json, std::mt19937& random) {
  Json root = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  std::vector<Json*> values;
  if (root.is_discarded() || !list_values(root, 1, values)) return std::nullopt;
  Json& value = *values[below(values.size(), random)];
  switch (below(4, random)) {
    case 0:
      value = surprise(random);
      break;
    case 1:
      value = Json(*values[below(values.size(), random)]);
      break;
    default:
      change_value(value, random);
  }
  return root.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::ignore);
}

}  // namespace quatrain::tests
