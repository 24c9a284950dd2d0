#include "rtl_models/waveform.hpp"

#include "rtl_models/elaborated_array.hpp"
#include "traces/base/error.hpp"
#include "traces/base/files.hpp"

#include <cstdlib>
#include <filesystem>
#include <utility>

namespace quatrain::rtl_models {
namespace {

namespace fs = std::filesystem;

/// SystemC writes into a file that it names itself.
fs::path new_folder() {
  std::string name = (fs::temp_directory_path() / "quatrain-waveform-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw base::Error("{}: cannot be made", name);
  return name;
}

/// The date stands before everything else.
std::string without_date(std::string text) {
  const std::size_t version = text.find("$version");
  return version == std::string::npos ? text : text.substr(version);
}

class ElaboratedWaveform final : public WaveformModel {
 public:
  ElaboratedWaveform(ArrayShape shape, const Dataflow& dataflow, const PeModel& pe, bool with_parts)
      : folder_(new_folder()) {
    auto modules = make_array_module(shape, Fidelity::pe, dataflow, pe);
    file_ = sc_core::sc_create_vcd_trace_file((folder_ / "tile").c_str());
    modules->trace(file_, with_parts);
    array_ = std::make_unique<ElaboratedArray>(shape, Fidelity::pe, std::move(modules), dataflow, pe);
  }
  ~ElaboratedWaveform() override {
    close();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  std::string waveform(const traces::Gemm& gemm, const traces::Operand& left,
                       std::span<const traces::Operand> right, const TileSchedule& schedule) override {
    array_->replay(gemm, left, right, schedule);
    sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_PS));  // the last edge is written when time goes on
    close();
    return without_date(base::read_whole_file(folder_ / "tile.vcd"));
  }

 private:
  void close() {
    if (file_ != nullptr) sc_core::sc_close_vcd_trace_file(std::exchange(file_, nullptr));
  }

  fs::path folder_;
  sc_core::sc_trace_file* file_ = nullptr;
  std::unique_ptr<ElaboratedArray> array_;
};

}  // namespace

std::unique_ptr<WaveformModel> make_waveform_model(ArrayShape shape, const Dataflow& dataflow,
                                                   const PeModel& pe,
                                                   const traces::Accumulator& accumulator) {
  return std::make_unique<ElaboratedWaveform>(shape, dataflow, pe, accumulator.chunk != 0);
}

}  // namespace quatrain::rtl_models
