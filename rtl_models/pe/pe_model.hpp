#pragma once
/// Kinds of PEs that an array can be built of. Each is a class in a file of this folder (dual_int4_fp4.hpp
/// says what it gives). model_of.hpp makes a model of a class, also outside of this folder.

#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/pe/link.hpp"
#include "rtl_models/pe/mode.hpp"
#include "rtl_models/pe/pe_table.hpp"
#include "rtl_models/schedule/tile_schedule.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace quatrain::rtl_models {

template <typename Word>
class ArrayModuleOf;
using ArrayModule = ArrayModuleOf<Link>;
enum class Fidelity : std::uint8_t;

struct PeModel {
  std::string_view name;
  OperandTable (*operands)(traces::Encoding) = nullptr;  ///< what codes become in its registers
  bool (*has)(PeMode mode) = nullptr;  ///< whether it multiplies what stands on the inputs in this mode
  std::unique_ptr<ArrayModule> (*make_array)(ArrayShape shape, Fidelity fidelity,
                                             const Dataflow& dataflow) = nullptr;
};

const PeModel& dual_int4_fp4_pe();
const PeModel& int4_pe();
const PeModel& fp7_pe();
const PeModel& int8_pe();

}  // namespace quatrain::rtl_models
