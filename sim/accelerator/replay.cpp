#include "sim/accelerator/replay.hpp"

#include "rtl_models/array_machine.hpp"
#include "sim/accelerator/cycles.hpp"
#include "traces/format/checksum.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <random>
#include <span>

namespace quatrain::sim {
namespace {

using rtl_models::ReplayResult;
using rtl_models::Tile;
using rtl_models::TileSchedule;

constexpr unsigned sampling_seed = 1;
constexpr int sampling_rounds = 2;

/// The operands of a record, held while it is replayed.
class Operands {
 public:
  Operands(const traces::TraceReader& reader, const TrainingGemm& work) {
    codes_.reserve(work.record->left.size() + work.record->right.size());
    left_ = read(reader, work.record->left.at(0));
    for (const std::string& id : work.record->right) right_.push_back(read(reader, id));
  }
  const traces::Operand& left() const { return left_; }
  std::span<const traces::Operand> right() const { return right_; }

 private:
  traces::Operand read(const traces::TraceReader& reader, const std::string& id) {
    const traces::QuantizerRecord& record = reader.manifest().quantizer(id);
    codes_.push_back(reader.read_codes(record.codes));
    return {encoding_of(record.rule), record.scale, codes_.back()};
  }

  std::vector<std::vector<std::uint8_t>> codes_;
  traces::Operand left_;
  std::vector<traces::Operand> right_;
};

ReplayResult replay_on(rtl_models::ArrayModel& model, const TrainingGemm& work, const Operands& operands,
                       const TileSchedule& schedule) {
  const traces::Encoding left = operands.left().encoding, right = operands.right()[0].encoding;
  if (const auto reason = model.refuses(work.gemm, left, right))
    throw traces::Error("{}: {}", place_of(work), *reason);
  try {
    rtl_models::check_accumulator_bound(work.record->size, work.record->samples, left, right);
  } catch (traces::Error& error) {
    error.add_context("{}", place_of(work));
    throw;
  }
  return model.replay(work.gemm, operands.left(), operands.right(), schedule);
}

/// "accumulator 17 of 1024 (index [0, 0, 2, 1])".
std::string element_text(std::size_t element, const traces::Shape& shape) {
  std::string indices;
  auto rest = static_cast<std::int64_t>(element);
  for (std::size_t axis = shape.size(); axis-- > 0; rest /= shape[axis])
    indices = fmt::format("{}{}{}", rest % shape[axis], indices.empty() ? "" : ", ", indices);
  return fmt::format("accumulator {} of {} (index [{}])", element, traces::element_count(shape), indices);
}

std::optional<std::string> accumulator_difference(const traces::TraceReader& reader,
                                                  const traces::GemmRecord& record,
                                                  const std::vector<std::int32_t>& found) {
  const std::uint32_t crc = traces::crc32c(traces::bytes_of(std::span(found)));
  if (crc == record.accumulators_crc32c) return std::nullopt;
  if (!record.accumulators)
    return fmt::format(
        "the accumulators' CRC32C is {:08x}; the record has {:08x} (it stores no accumulators, so no element "
        "can be named)",
        crc, record.accumulators_crc32c);
  const std::vector<std::int32_t> expected = reader.read_int32(*record.accumulators);
  const auto first = std::ranges::mismatch(found, expected).in1 - found.begin();
  const auto element = static_cast<std::size_t>(first);
  if (element == found.size())  // a reader that checks CRCs does not let this happen
    return fmt::format("the stored accumulators are equal, but not their CRC32C {:08x}",
                       record.accumulators_crc32c);
  return fmt::format("{} is {}; the record has {}", element_text(element, record.result_shape),
                     found[element], expected[element]);
}

}  // namespace

ReplayModels make_replay_models(rtl_models::ArrayShape shape, rtl_models::Fidelity fidelity) {
  if (const auto reason = rtl_models::systemc_missing())
    throw traces::Error("no replay: {}; --cycles-only works without it", *reason);
  ReplayModels models;
  models.main = rtl_models::make_array_model(shape, fidelity);
  if (fidelity == rtl_models::Fidelity::array)
    models.sampled_pe = rtl_models::make_array_model(shape, rtl_models::Fidelity::pe);
  return models;
}

std::vector<SampledTile> sample_tiles(const std::vector<TrainingGemm>& work, rtl_models::ArrayShape array,
                                      std::uint64_t pe_cycles) {
  std::mt19937 random(sampling_seed);
  std::vector<std::size_t> order(work.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {},
                           [&](std::size_t index) { return mapping_of(work[index], array).stream_length(); });
  std::vector<SampledTile> sampled;
  std::uint64_t spent = 0;
  for (int round = 0; round < sampling_rounds; ++round)
    for (const std::size_t index : order) {
      const TileSchedule schedule = schedule_of(mapping_of(work[index], array));
      const Tile& tile = schedule.tiles[random() % schedule.tiles.size()];
      const std::uint64_t cycles = schedule.stream_length + 2 * tile.rows + tile.columns - 2;
      spent += cycles * array.rows * array.columns;
      if (spent > pe_cycles) return sampled;
      sampled.push_back({index, tile});
    }
  return sampled;
}

Replayer::Replayer(const traces::TraceReader& reader, ReplayModels& models)
    : reader_(reader), models_(models) {
  summary_.fidelity = models.main->fidelity();
  summary_.ran_on = rtl_models::systemc_version();
}

rtl_models::Activity Replayer::replay(const TrainingGemm& work) {
  const Mapping mapping = mapping_of(work, models_.main->shape());
  const Operands operands(reader_, work);
  const ReplayResult result = replay_on(*models_.main, work, operands, schedule_of(mapping));
  ++summary_.gemms;
  if (const auto difference = accumulator_difference(reader_, *work.record, result.accumulators))
    summary_.differences.push_back(fmt::format("{}: {}", place_of(work), *difference));
  else
    ++summary_.gemms_equal;
  if (const std::uint64_t expected = cycles_of(mapping); result.cycles != expected) {
    summary_.cycles_equal = false;
    summary_.differences.push_back(fmt::format("{}: {} cycles simulated; the closed form gives {}",
                                               place_of(work), result.cycles, expected));
  }
  return result.activity;
}

void Replayer::check_tile(const TrainingGemm& work, const Tile& tile) {
  const Operands operands(reader_, work);
  TileSchedule schedule{
      models_.main->shape(), mapping_of(work, models_.main->shape()).stream_length(), {tile}};
  const ReplayResult array = replay_on(*models_.main, work, operands, schedule);
  const ReplayResult pe = replay_on(*models_.sampled_pe, work, operands, schedule);
  ++summary_.pe_tiles_checked;
  const auto differs = [&](std::string_view what) {
    summary_.differences.push_back(
        fmt::format("{}: tile at row {}, column {} of group {}: pe and array differ in {}", place_of(work),
                    tile.first_row, tile.first_column, tile.group, what));
  };
  if (pe.accumulators != array.accumulators) differs("accumulators");
  if (pe.cycles != array.cycles) differs(fmt::format("cycles: {} and {}", pe.cycles, array.cycles));
  if (pe.activity != array.activity) differs("activity");
}

}  // namespace quatrain::sim
