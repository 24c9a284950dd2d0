#include "sim/accelerator/sum_order.hpp"

#include "rtl_models/schedule/sum_order.hpp"
#include "traces/base/error.hpp"

#include <variant>

namespace quatrain::sim {

void require_order(const AcceleratorConfig& config, const TrainingGemm& work, bool is_replayed) {
  traces::Accumulator accumulator = config.accumulator;
  if (config.pe->floats && is_replayed) accumulator.format = traces::SumFormat::floating;
  const Mapping& mapping = work.mapping;
  const bool is_whole =
      std::holds_alternative<rtl_models::OutputStationary>(mapping.dataflow) && mapping.passes() == 1;
  if (accumulator.is_exact() || is_whole) return;
  if (const auto reason = rtl_models::sums_out_of_order(accumulator, mapping.dataflow, schedule_of(mapping),
                                                        static_cast<std::uint64_t>(mapping.size.k)))
    throw base::Error("{}: {}: /accumulator: {} meets {}", config.name, place_of(work), text_of(accumulator),
                      *reason);
}

}  // namespace quatrain::sim
