#pragma once
/// Writes a trace directory so that one which exists is whole: NAME.partial is filled, flushed to disk and
/// renamed.

#include "traces/format/record.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace quatrain::traces {

enum class LeftOver : std::uint8_t { refuse, replace };  ///< what to do with a NAME.partial of a crash

/// Which records stay of a trace that is gone on with.
using KeepsRecord = std::function<bool(std::uint32_t step, Pass pass)>;

class TraceWriter {
 public:
  /// Throws Error when `directory` exists, or its .partial does and is not to be replaced.
  TraceWriter(std::filesystem::path directory, Producer producer, RunRecord run,
              LeftOver left_over = LeftOver::refuse);
  /// Goes on with what save() left in NAME.partial, or with NAME where that was finished before its time:
  /// with the records that stay, and their tensors. All else of it is removed. Where neither is there, it
  /// begins. Throws Error when it is damaged, or of another run. Layers are added anew.
  TraceWriter(std::filesystem::path directory, Producer producer, RunRecord run, const KeepsRecord& keeps);
  ~TraceWriter();  ///< not finished: removes the .partial directory
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  void add_layer(const LayerRecord& layer);

  /// Tensors go to the file begun last; one file per traced step is usual. Its tensors are held until
  /// end_file().
  void begin_file(const std::string& name);
  void add_fp32(const std::string& id, const Shape& shape, std::span<const float> values);
  void add_int32(const std::string& id, const Shape& shape, std::span<const std::int32_t> values);
  /// As GemmResult holds them: int32, or the bits of fp32 sums.
  void add_accumulators(const std::string& id, const Shape& shape, const Accumulator& accumulator,
                        std::span<const std::int32_t> values);
  /// codes: packed nibbles.
  void add_codes(const std::string& id, Encoding encoding, const Shape& shape,
                 std::span<const std::uint8_t> codes);
  void end_file();
  /// What the ended files hold can be gone on with, even when the process is killed.
  void save();
  bool has_records() const;
  /// Forgets the file begun last and not ended, with the records that were added since, if there is one.
  void drop_file();
  /// The run's note, until finish().
  void set_note(const std::string& note);

  void add_quantizer(const QuantizerRecord& record);
  void add_gemm(const GemmRecord& record);

  /// Writes manifest.json and SHA256SUMS, flushes, renames. Throws Error with file and cause; then NAME does
  /// not exist.
  void finish();

 private:
  struct State;
  static std::unique_ptr<State> begin(std::filesystem::path directory, LeftOver left_over);
  std::unique_ptr<State> state_;
};

}  // namespace quatrain::traces
