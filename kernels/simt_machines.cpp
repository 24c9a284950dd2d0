#include "kernels/simt_rungs.hpp"

namespace quatrain::kernels {

std::vector<traces::MachineOffer> simt_machine_offers() { return simt::rung_offers(); }

#if !defined(QUATRAIN_HAS_SIMT_CHECKS)
std::vector<traces::MachineOffer> checked_simt_machine_offers() {
  std::vector<traces::MachineOffer> offers = simt_machine_offers();
  for (traces::MachineOffer& offer : offers)
    offer.why_not = [] { return "built without checks: they need GCC, and no sanitizer beside them"; };
  return offers;
}
#endif

}  // namespace quatrain::kernels
