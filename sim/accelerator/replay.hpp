#pragma once
/// Replays GEMMs on the SystemC array and holds the result against their source: every
/// accumulator, and the closed form of the cycles. Sampled tiles run at fidelity `pe` too and must give the
/// same bits, cycles and activity as `array` or `tile`.

#include "rtl_models/array_model.hpp"
#include "rtl_models/float_array.hpp"
#include "rtl_models/memory/memory_model.hpp"
#include "rtl_models/quantizer_model.hpp"
#include "sim/accelerator/mapping/block_traffic.hpp"
#include "sim/accelerator/memory/stalls.hpp"
#include "sim/accelerator/replay_source.hpp"
#include "sim/accelerator/training_gemm.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

/// Elaborated before the first replay (SystemC elaborates once per process).
struct ArrayModels {
  std::unique_ptr<rtl_models::ArrayModel> main;         ///< replays everything, or:
  std::unique_ptr<rtl_models::FloatArrayModel> floats;  ///< one of floating-point operands, `float_format`
  traces::FloatFormat float_format = traces::FloatFormat::bf16;
  std::unique_ptr<rtl_models::ArrayModel> sampled_pe;  ///< beside an `array` or `tile` model of up to 64 x 64
  std::unique_ptr<rtl_models::FloatArrayModel> sampled_float_pe;  ///< the same beside `floats`
  std::unique_ptr<rtl_models::MemoryModel> memory;                ///< where stalls are asked for
  std::unique_ptr<rtl_models::QuantizerModel> quantizer;          ///< where the config has lanes

  bool samples_tiles() const { return sampled_pe != nullptr || sampled_float_pe != nullptr; }
};

/// Throws Error when the program was built without SystemC.
ArrayModels make_array_models(rtl_models::ArrayShape shape, rtl_models::Fidelity fidelity,
                              const rtl_models::Dataflow& dataflow = {}, bool with_memory = false,
                              const rtl_models::PeModel& pe = rtl_models::dual_int4_fp4_pe());
ArrayModels make_float_models(rtl_models::ArrayShape shape, rtl_models::Fidelity fidelity,
                              const rtl_models::OutputStationary& dataflow, traces::FloatFormat format,
                              bool with_memory);

/// In the order of the enumeration.
inline constexpr std::array<std::string_view, 3> fidelity_words = {"pe", "array", "tile"};
std::string_view name_of(rtl_models::Fidelity fidelity);

/// What all of them gave.
struct ReplayFindings {
  rtl_models::Fidelity fidelity = rtl_models::Fidelity::array;
  std::string ran_on;
  /// What the results were held against: the trace, or what the emulator makes of its fp32 tensors.
  bool against_emulator = false;
  std::uint64_t gemms = 0, gemms_equal = 0;
  bool cycles_equal = true;
  std::uint64_t pe_tiles_checked = 0;
  std::vector<std::string> differences;  ///< one line each, naming record and element

  bool equal() const { return gemms > 0 && gemms_equal == gemms && cycles_equal && differences.empty(); }
};

/// A tile of a GEMM that runs at fidelity `pe` too.
struct SampledTile {
  std::size_t gemm = 0;  ///< index into the training GEMMs
  rtl_models::Tile tile;
};

/// Random tiles from a fixed seed: one tile of each GEMM, beginning with the GEMM whose tiles cost least,
/// then a second round. It stops before the tiles cost more than `pe_cycles`: the PEs x cycles that the `pe`
/// model has to simulate.
std::vector<SampledTile> sample_tiles(const std::vector<TrainingGemm>& work, std::uint64_t pe_cycles);

/// What a design that waits for its memory adds to the replay of a GEMM.
struct MemoryOfGemm {
  BlockTraffic& traffic;
  rtl_models::DramTiming timing;
  Buffering buffering = Buffering::single;
  Stalls expected;  ///< by the closed form
};

/// Plays one GEMM after the other and compares it with what its source says.
class RecordCheck {
 public:
  /// `source` and `models` must outlive it.
  RecordCheck(const ReplaySource& source, ArrayModels& models);

  /// Returns the activity; what differs goes into the findings. The GEMM is mapped to the models' array. With
  /// a memory the array stands still until its blocks have come through the simulated one. Throws Error for a
  /// GEMM that the models cannot compute exactly.
  rtl_models::Activity replay(const TrainingGemm& work, const MemoryOfGemm* memory = nullptr);
  void check_tile(const TrainingGemm& work, const rtl_models::Tile& tile);
  const ReplayFindings& findings() const { return findings_; }

 private:
  /// Calls `array` with the schedule, beside the simulated memory where there is one.
  void play(const TrainingGemm& work, const MemoryOfGemm* memory,
            const std::function<void(const rtl_models::TileSchedule&)>& array);
  rtl_models::Activity replay_floats(const TrainingGemm& work, const MemoryOfGemm* memory);
  void check_float_tile(const TrainingGemm& work, const rtl_models::TileSchedule& tile);
  /// Run: an ArrayRun or a FloatRun of one tile, the other one at fidelity `pe`.
  template <typename Run>
  void compare_tile(const TrainingGemm& work, const rtl_models::Tile& tile, const Run& found, const Run& pe,
                    bool equal_sums);
  void compare_cycles(const TrainingGemm& work, std::uint64_t found);

  const ReplaySource& source_;
  ArrayModels& models_;
  ReplayFindings findings_;
};

}  // namespace quatrain::sim
