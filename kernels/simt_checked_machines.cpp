/// Compiled for the checks, with QUATRAIN_SIMT_CHECKED.
#include "kernels/simt_rungs.hpp"

namespace quatrain::kernels {

std::vector<traces::MachineOffer> checked_simt_machine_offers() { return simt_checked::rung_offers(); }

}  // namespace quatrain::kernels
