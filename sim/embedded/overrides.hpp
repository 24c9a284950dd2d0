#pragma once
/// `--set KEY=VALUE`: a key of a config replaced before the config is read. The strict reader then judges the
/// result, so that an unknown key or a value out of range is refused as in a file.
///
/// KEY is a path: names of keys and places in lists (from 0), with dots between ("quantize.samples",
/// "layers.2.kernel"). A key that begins with a slash is the JSON pointer that messages show
/// ("/quantize/samples"). Keys that the config leaves out, and objects around them, are added. VALUE is JSON
/// where it can be read as that, else a string: 4, [3,1], luq. `null` takes a key out.

#include "sim/embedded/config_file.hpp"
#include "traces/base/strict_json.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

struct Override {
  std::string key;    ///< as typed
  std::string value;  ///< JSON

  friend bool operator==(const Override&, const Override&) = default;
};

/// "quantize.samples=4". Throws Error when there is no "=" or nothing before it.
Override parse_override(std::string_view typed);
std::vector<Override> parse_overrides(std::span<const std::string> typed);

/// "array.rows=16,32": one for each value. Commas inside brackets, braces and quotes part nothing.
std::vector<Override> parse_override_list(std::string_view typed);

/// The members of an object of a config: {"quantize.samples": 4, "layers.2.kernel": [3, 1]}.
std::vector<Override> read_overrides(const base::JsonNode& object);

/// "KEY=VALUE" with a string's quotes left out where it is read as a string without them: what --set takes.
std::string text_of(const Override& one);

/// `text`: a config, which `name` stands for in messages. Returns it with the keys replaced, one after the
/// other. Throws Error naming the key when its path leads through a value that is no object or list, or to a
/// place that a list does not have; or when `text` is not JSON.
std::string with_overrides(std::string_view text, const std::string& name,
                           std::span<const Override> overrides);

/// open_config() with keys replaced; file() stays the config's.
base::JsonNode open_config(std::string_view argument, ConfigKind kind, std::span<const Override> overrides,
                           const std::filesystem::path& folder = {});

/// "with --set a=1 --set b=2": context for what the reader refuses.
std::string context_of(std::span<const Override> overrides);

}  // namespace quatrain::sim
