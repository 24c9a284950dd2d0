#pragma once
/// The rungs of the ladder (rungs.hpp) as types, in its order.

#include "kernels/gemm/async.cuh"
#include "kernels/gemm/literal.cuh"
#include "kernels/gemm/naive.cuh"
#include "kernels/gemm/octets.cuh"
#include "kernels/gemm/rungs.hpp"
#include "kernels/gemm/tiled.cuh"
#include "traces/machine_offer.hpp"

#include <iterator>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace quatrain::kernels::QUATRAIN_PLATFORM {

using Ladder = std::tuple<LiteralRung, NaiveRung, TiledRung<DefaultTile>, OctetRung<DefaultOctetTile>,
                          MmaRung<DefaultMmaTile>, DefaultAsyncRung>;

/// offer(type, facts) for every rung, `type` a std::type_identity of it.
template <typename Offer>
std::vector<traces::MachineOffer> offers_of_ladder(const Offer& offer) {
  static_assert(std::size(ladder) == std::tuple_size_v<Ladder>);
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    return std::vector<traces::MachineOffer>{
        offer(std::type_identity<std::tuple_element_t<i, Ladder>>{}, ladder[i])...};
  }
  (std::make_index_sequence<std::size(ladder)>{});
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
