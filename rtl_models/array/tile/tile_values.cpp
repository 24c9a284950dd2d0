#include "rtl_models/array/tile/tile_values.hpp"

#include "rtl_models/array/tile/output_tiles.hpp"
#include "rtl_models/array/tile/stationary_folds.hpp"

#include <variant>

namespace quatrain::rtl_models {

std::unique_ptr<TileValues> make_tile_values(const Dataflow& dataflow, const TileJob& job) {
  return std::visit(Overloaded{[&](const OutputStationary& kind) -> std::unique_ptr<TileValues> {
                                 return std::make_unique<OutputTiles>(job, kind.drain);
                               },
                               [&](const WeightStationary& kind) -> std::unique_ptr<TileValues> {
                                 return std::make_unique<StationaryFolds>(job, kind.preload, Held::right);
                               },
                               [&](const InputStationary& kind) -> std::unique_ptr<TileValues> {
                                 return std::make_unique<StationaryFolds>(job, kind.preload, Held::left);
                               }},
                    dataflow);
}

}  // namespace quatrain::rtl_models
