#include "sim/sweep/design_axes.hpp"

#include "traces/base/error.hpp"
#include "traces/base/names.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace quatrain::sim {
namespace {

constexpr std::size_t longest_name = 100;

std::string last_part(const std::string& key) {
  const std::size_t end = key.find_last_of("./");
  return end == std::string::npos ? key : key.substr(end + 1);
}

/// Characters of a name; each run of others is one _.
std::string as_name(const std::string& text) {
  std::string name;
  for (const char c : text) {
    if (base::is_name({&c, 1}))
      name += c;
    else if (!name.empty() && name.back() != '_')
      name += '_';
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  return name;
}

std::string plain_text(const std::string& json) {
  const auto value = nlohmann::ordered_json::parse(json);
  return value.is_string() ? value.get<std::string>() : json;
}

}  // namespace

std::vector<DesignAxis> axes_of(std::span<const std::string> typed) {
  std::vector<DesignAxis> axes;
  for (const std::string& one : typed) {
    const std::vector<Override> values = parse_override_list(one);
    DesignAxis axis{values.front().key};
    if (std::ranges::any_of(axes, [&](const DesignAxis& other) { return other.key == axis.key; }))
      throw base::Error("--set {}: typed twice; expected all values in one list: {}=A,B", axis.key, axis.key);
    for (const Override& value : values) axis.values.push_back(value.value);
    axes.push_back(std::move(axis));
  }
  return axes;
}

std::uint64_t point_count(const std::vector<DesignAxis>& axes) {
  constexpr std::uint64_t most = 1'000'000'000'000;
  std::uint64_t count = 1;
  for (const DesignAxis& axis : axes) {
    count *= axis.values.size();
    if (count > most) throw base::Error("more than {} designs; expected fewer values", most);
  }
  return count;
}

std::vector<std::size_t> places_at(const std::vector<DesignAxis>& axes, std::uint64_t point) {
  std::vector<std::size_t> places(axes.size());
  for (std::size_t i = axes.size(); i-- > 0;) {
    places[i] = point % axes[i].values.size();
    point /= axes[i].values.size();
  }
  return places;
}

std::uint64_t point_at(const std::vector<DesignAxis>& axes, const std::vector<std::size_t>& places) {
  std::uint64_t point = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) point = point * axes[i].values.size() + places[i];
  return point;
}

std::vector<Override> overrides_at(const std::vector<DesignAxis>& axes, std::uint64_t point) {
  const std::vector<std::size_t> places = places_at(axes, point);
  std::vector<Override> overrides;
  for (std::size_t i = 0; i < axes.size(); ++i) overrides.push_back({axes[i].key, axes[i].values[places[i]]});
  return overrides;
}

std::string name_with(const std::string& name, const std::vector<Override>& overrides) {
  std::string text = name;
  for (const Override& one : overrides) {
    const bool is_alone = std::ranges::count_if(overrides, [&](const Override& other) {
                            return last_part(other.key) == last_part(one.key);
                          }) == 1;
    text += fmt::format(".{}-{}", as_name(is_alone ? last_part(one.key) : one.key),
                        as_name(plain_text(one.value)));
  }
  return text.substr(0, longest_name);
}

}  // namespace quatrain::sim
