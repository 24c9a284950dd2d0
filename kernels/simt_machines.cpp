#include "kernels/simt_rungs.hpp"

namespace quatrain::kernels {

std::vector<traces::MachineOffer> simt_machine_offers() { return simt::rung_offers(); }

#if !defined(QUATRAIN_HAS_SIMT_CHECKS)
std::vector<traces::MachineOffer> checked_simt_machine_offers() {
  std::vector<traces::MachineOffer> offers = simt_machine_offers();
  for (traces::MachineOffer& offer : offers)
    offer.why_not = [] { return "built with a sanitizer, which takes the place of the checks"; };
  return offers;
}
#endif

}  // namespace quatrain::kernels
