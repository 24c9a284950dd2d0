#pragma once
/// The page as one HTML file that needs no network: style, script, Chart.js and data are inside.

#include "sim/report/page.hpp"

#include <string>
#include <string_view>

namespace quatrain::sim::report {

/// Stands at the beginning of every such page.
inline constexpr std::string_view page_mark = "<meta name=\"generator\" content=\"Quatrain\">";

/// `chart_js`: the library's text, or "" when this program was built without it: the page then has its tables
/// and says why the charts are missing.
std::string render_html(const Page& page, std::string_view chart_js);

/// & < > " ' as entities.
std::string escape_html(std::string_view text);

}  // namespace quatrain::sim::report
