#include "sim/cli/typed_values.hpp"

#include "traces/base/error.hpp"
#include "traces/run_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>

namespace quatrain::sim {
namespace {

namespace fs = std::filesystem;

/// The way from `directory` to `file`, both with links followed; one that begins with ".." leads out of it.
fs::path way_to(const fs::path& file, const fs::path& directory) {
  const auto real = [](const fs::path& path) { return fs::weakly_canonical(fs::absolute(path)); };
  return real(file).lexically_relative(real(directory));
}

bool leads_out(const fs::path& way) { return way.empty() || *way.begin() == ".."; }

}  // namespace

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  const std::string range = fmt::format("{}..{}", least, most);
  return CLI::Validator(
      [=](const std::string& text) -> std::string {
        std::uint64_t value = 0;
        const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool is_plain = failure == std::errc() && end == text.data() + text.size() &&
                              (text.size() == 1 || text.front() != '0');
        if (is_plain && value >= least && value <= most) return "";
        return fmt::format("found '{}'; expected a whole number from {} to {}", base::printable(text), least,
                           most);
      },
      range);
}

CLI::Validator not_empty() {
  return CLI::Validator(
      [](const std::string& text) -> std::string { return text.empty() ? "found ''; expected a value" : ""; },
      "");
}

void require_no_input_of_report(const fs::path& file, const fs::path& run) {
  namespace names = traces::run_names;
  constexpr std::array<std::string_view, 9> inputs = {
      names::config,  names::crosscheck, names::gradients, names::gradient_study, names::log,
      names::metrics, names::run,        names::stages,    names::steps};
  const fs::path way = way_to(file, run);
  const bool is_input =
      !leads_out(way) && (way.has_parent_path() || std::ranges::find(inputs, way.string()) != inputs.end());
  if (is_input)
    throw base::Error("{}: is or may be a file of the run; expected another name, or a place outside of {}",
                      file.string(), run.string());
}

}  // namespace quatrain::sim
