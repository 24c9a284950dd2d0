#pragma once
/// The `data` of a training config: read, and written back complete. Part of training_config.

#include "emu/data/data_set.hpp"
#include "traces/base/strict_json.hpp"

#include <nlohmann/json_fwd.hpp>

namespace quatrain::emu {

/// Without `kind` it is fashion_mnist, under `set`.
DataConfig read_data(const base::JsonNode& node);
nlohmann::ordered_json dump_data(const DataConfig& data);

}  // namespace quatrain::emu
