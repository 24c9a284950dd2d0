/// Planted for check_symbols.cmake: an object of the emulator that calls the hardware model without including
/// it.
#include <string>

namespace quatrain::rtl_models {
std::string systemc_version();
}
namespace quatrain::emu {
std::string planted() { return rtl_models::systemc_version(); }
}  // namespace quatrain::emu
