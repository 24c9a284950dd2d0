#include "sim/accelerator/tile_waveform.hpp"

#include "sim/accelerator/simulate.hpp"
#include "sim/accelerator/training_gemm.hpp"
#include "sim/records/recorded.hpp"
#include "sim/workload/trace_workload.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quatrain::sim {
namespace {

constexpr std::uint32_t most_pes = 64 * 64;
/// Of the tile. Each PE writes up to about 60 bytes a cycle.
constexpr std::uint64_t most_pe_cycles = 8'000'000;

constexpr const char* smaller_array = "as with --set array.rows=8 --set array.columns=8";

std::string text_of(const rtl_models::Tile& tile) {
  std::string text =
      fmt::format("group {}, rows {} to {}, columns {} to {}", tile.group, tile.first_row,
                  tile.first_row + tile.rows - 1, tile.first_column, tile.first_column + tile.columns - 1);
  if (tile.k) text += fmt::format(", k {} to {}", tile.k->first, tile.k->end - 1);
  return text;
}

void require_short(const AcceleratorConfig& config, const TrainingGemm& work, const rtl_models::Tile& tile) {
  // An output-stationary tile takes all of k; a fold holds a part of it, and rows or columns stream past.
  const std::uint64_t cycles = tile.k ? std::max(tile.rows, tile.columns) : work.mapping.stream_length();
  const std::uint64_t pes = std::uint64_t{config.array.rows} * config.array.columns;
  if (cycles > most_pe_cycles / pes)
    throw base::Error("{}: --vcd: {}: the tile takes {} cycles on {} PEs; expected at most {}, {}",
                      config.name, place_of(work), cycles, pes, most_pe_cycles / pes, smaller_array);
}

TrainingGemm& chosen(std::vector<TrainingGemm>& all, const std::string& name,
                     const traces::Manifest& manifest) {
  if (name.empty()) return all.front();
  const auto found =
      std::ranges::find(all, name, [&](const TrainingGemm& work) { return name_of(manifest, *work.record); });
  if (found == all.end())
    throw base::Error("--vcd-gemm {}: no such matrix product is simulated; expected one as {} or {}", name,
                      name_of(manifest, *all.front().record), name_of(manifest, *all.back().record));
  return *found;
}

rtl_models::Tile chosen(const rtl_models::TileSchedule& schedule, std::uint64_t tile,
                        const TrainingGemm& work) {
  if (tile >= schedule.tiles.size())
    throw base::Error("--vcd-tile {}: {} has {} tiles; expected at most {}", tile, place_of(work),
                      schedule.tiles.size(), schedule.tiles.size() - 1);
  return schedule.tiles[tile];
}

}  // namespace

std::unique_ptr<rtl_models::WaveformModel> make_waveform_model(const AcceleratorConfig& config) {
  const rtl_models::ArrayShape array = config.array;
  if (config.pe->model == nullptr)
    throw base::Error("{}: --vcd: the pe '{}' takes no codes, which a waveform shows; expected a pe of codes",
                      config.name, config.pe->name);
  if (std::uint64_t{array.rows} * array.columns > most_pes)
    throw base::Error("{}: --vcd: an array of {} x {}; expected at most {} PEs, {}", config.name, array.rows,
                      array.columns, most_pes, smaller_array);
  return rtl_models::make_waveform_model(array, config.dataflow, config.pe->model(), config.accumulator);
}

TileWaveform waveform_of(const TileChoice& choice, rtl_models::WaveformModel& model,
                         const AcceleratorConfig& config, const traces::TraceReader& reader) {
  const Workload workload = trace_workload(reader);
  std::vector<TrainingGemm> all = mapped_to(config, workload);
  require_accumulator(config, all);
  TrainingGemm& work = chosen(all, choice.gemm, reader.manifest());
  work.mapping.dataflow = config.dataflow;
  if (const auto reason = inexact_sum(reader.manifest(), *work.record))
    throw base::Error("{}: {}", place_of(work), *reason);
  const rtl_models::Tile tile = chosen(schedule_of(work.mapping), choice.tile, work);
  require_short(config, work, tile);
  const RecordedOperands operands(reader, *work.record);
  TileWaveform waveform;
  waveform.place = fmt::format("{}, {}", place_of(work), text_of(tile));
  std::string comment =
      fmt::format(": {}, {}, {} sums", config.name, waveform.place, traces::text_of(config.accumulator));
  std::ranges::replace(comment, '$', '_');  // a name may hold "$end"
  waveform.text = fmt::format("{}{} $end\n{}", waveform_mark, comment,
                              model.waveform(work.gemm, operands.left, operands.right,
                                             {work.mapping.array, work.mapping.stream_length(), {tile}}));
  return waveform;
}

}  // namespace quatrain::sim
