#include "sim/embedded/overrides.hpp"

#include "traces/base/error.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace quatrain::sim {
namespace {

using base::Error;
using Json = nlohmann::ordered_json;  // keys keep their order

Json value_of(std::string_view typed) {
  Json value = Json::parse(typed, nullptr, false);
  return value.is_discarded() ? Json(std::string(typed)) : value;
}

std::string json_of(std::string_view typed) {
  return value_of(typed).dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Whole numbers stay whole.
Json number_of(const base::JsonNode& node) {
  constexpr double largest = std::numeric_limits<double>::max(), largest_exact = 9'007'199'254'740'992.0;
  const double value = node.number(-largest, largest);
  if (std::abs(value) <= largest_exact && value == std::floor(value)) return static_cast<std::int64_t>(value);
  return value;
}

Json copy_of(const base::JsonNode& node) {
  if (node.is_null()) return nullptr;
  if (node.is_boolean()) return node.boolean();
  if (node.is_number()) return number_of(node);
  if (node.is_string()) return node.string();
  Json copy = node.is_array() ? Json::array() : Json::object();
  if (node.is_array())
    for (const base::JsonNode& item : node.items()) copy.push_back(copy_of(item));
  else
    for (const auto& [key, value] : node.members()) copy[key] = copy_of(value);
  return copy;
}

/// The key before "=" and what stands behind it.
std::pair<std::string, std::string_view> parted(std::string_view typed) {
  const std::size_t sign = typed.find('=');
  if (sign == std::string_view::npos || sign == 0)
    throw Error("--set: '{}'; expected KEY=VALUE, as in quantize.samples=4", base::printable(typed));
  return {std::string(typed.substr(0, sign)), typed.substr(sign + 1)};
}

std::string unescaped(std::string_view part) {
  std::string text;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const bool is_escape =
        part[i] == '~' && i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1');
    text += is_escape ? (part[++i] == '0' ? '~' : '/') : part[i];
  }
  return text;
}

std::vector<std::string> path_of(const std::string& key) {
  const bool is_pointer = key.starts_with('/');
  const char separator = is_pointer ? '/' : '.';
  std::vector<std::string> path;
  for (std::size_t begin = is_pointer ? 1 : 0; begin <= key.size();) {
    const std::size_t end = std::min(key.find(separator, begin), key.size());
    const std::string part = key.substr(begin, end - begin);
    if (part.empty())
      throw Error("--set {}: an empty name; expected a path like quantize.samples", base::printable(key));
    path.push_back(is_pointer ? unescaped(part) : part);
    begin = end + 1;
  }
  return path;
}

/// Follows a key's path through a config.
class Way {
 public:
  Way(Json& config, const Override& one) : value_(&config), one_(one) {}

  void follow(const std::string& part) {
    if (value_->is_null()) *value_ = Json::object();
    value_ = value_->is_object() ? &(*value_)[part] : &item(part);
    place_.append("/").append(base::printable(part));
  }
  /// At the object that holds the last part: an object loses it with `null`.
  void end(const std::string& part) {
    Json value = Json::parse(one_.value);
    if (value.is_null() && value_->is_object()) {
      value_->erase(part);
      return;
    }
    follow(part);
    *value_ = std::move(value);
  }

 private:
  Json& item(const std::string& part) {
    const std::string shown = place_.empty() ? "the config" : place_;
    if (!value_->is_array())
      throw Error("--set {}: {} is {}; expected an object or a list there", base::printable(one_.key), shown,
                  base::printable(value_->dump()));
    std::size_t index = 0;
    const auto [end, failure] = std::from_chars(part.data(), part.data() + part.size(), index);
    if (failure != std::errc() || end != part.data() + part.size() || index >= value_->size())
      throw Error("--set {}: {} has {} items and none '{}'; expected a place from 0",
                  base::printable(one_.key), shown, value_->size(), base::printable(part));
    return (*value_)[index];
  }

  Json* value_;
  const Override& one_;
  std::string place_;
};

void replace(Json& config, const Override& one) {
  std::vector<std::string> path = path_of(one.key);
  const std::string last = std::move(path.back());
  path.pop_back();
  Way way(config, one);
  for (const std::string& part : path) way.follow(part);
  way.end(last);
}

}  // namespace

Override parse_override(std::string_view typed) {
  auto [key, value] = parted(typed);
  return {std::move(key), json_of(value)};
}

std::vector<Override> parse_overrides(std::span<const std::string> typed) {
  std::vector<Override> overrides;
  for (const std::string& one : typed) overrides.push_back(parse_override(one));
  return overrides;
}

std::vector<Override> parse_override_list(std::string_view typed) {
  const auto [key, values] = parted(typed);
  std::vector<Override> overrides;
  std::size_t begin = 0;
  int depth = 0;
  bool is_quoted = false;
  for (std::size_t i = 0; i <= values.size(); ++i) {
    const char character = i < values.size() ? values[i] : ',';
    if (character == '"' && (i == 0 || values[i - 1] != '\\')) is_quoted = !is_quoted;
    if (!is_quoted) depth += (character == '[' || character == '{') - (character == ']' || character == '}');
    if (i < values.size() && (character != ',' || is_quoted || depth > 0)) continue;
    overrides.push_back({key, json_of(values.substr(begin, i - begin))});
    begin = i + 1;
  }
  return overrides;
}

std::vector<Override> read_overrides(const base::JsonNode& object) {
  std::vector<Override> overrides;
  for (const auto& [key, value] : object.members()) overrides.push_back({key, copy_of(value).dump()});
  return overrides;
}

std::string text_of(const Override& one) {
  const Json value = Json::parse(one.value);
  const bool is_plain = value.is_string() && value_of(value.get<std::string>()).is_string();
  return one.key + "=" + (is_plain ? value.get<std::string>() : one.value);
}

std::string with_overrides(std::string_view text, const std::string& name,
                           std::span<const Override> overrides) {
  base::JsonNode::parse(text, name);  // refuses what the next line would swallow, duplicate keys for one
  Json config = Json::parse(text);
  for (const Override& one : overrides) replace(config, one);
  return config.dump(2);
}

base::JsonNode open_config(std::string_view argument, ConfigKind kind, std::span<const Override> overrides,
                           const std::filesystem::path& folder) {
  if (overrides.empty()) return open_config(argument, kind, folder);
  const auto [text, name] = config_text(argument, kind, folder);
  return base::JsonNode::parse(with_overrides(text, name, overrides), name);
}

std::string context_of(std::span<const Override> overrides) {
  std::string text = "with";
  for (const Override& one : overrides) text += " --set " + base::printable(text_of(one));
  return text;
}

}  // namespace quatrain::sim
