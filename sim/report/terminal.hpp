#pragma once
/// The page as plain text: key figures, sentences, tables (not those that are details), limits.

#include "sim/report/page.hpp"

#include <string>

namespace quatrain::sim::report {

std::string render_terminal(const Page& page);

}  // namespace quatrain::sim::report
