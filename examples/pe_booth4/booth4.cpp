/// The arrays of this PE, and what it costs.
#include "booth4.hpp"

#include "rtl_models/pe/model_of.hpp"
#include "sim/accelerator/pe/pe_kind.hpp"

namespace {

const quatrain::rtl_models::PeModel& model() {
  static constexpr quatrain::rtl_models::PeModel booth4 = quatrain::rtl_models::model_of<Booth4>("booth4");
  return booth4;
}

/// A row that the technology table has to have; its name begins with pe_.
constexpr quatrain::sim::TechnologyRow per_mac[] = {quatrain::sim::operation_row("pe_booth4_int32")};
constexpr std::string_view limits[] = {"the PE is priced by the table of whoever wrote it"};

}  // namespace

/// NAME_kind(), with the NAME that -DQUATRAIN_PE_KINDS=NAME=FOLDER says.
const quatrain::sim::PeKind& booth4_kind() {
  static constexpr quatrain::sim::PeKind kind{
      .name = "booth4", .per_mac = per_mac, .model = model, .limits = limits};
  return kind;
}
