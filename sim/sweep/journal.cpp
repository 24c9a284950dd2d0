#include "sim/sweep/journal.hpp"

#include "traces/base/error.hpp"
#include "traces/base/strict_json.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <limits>

namespace quatrain::sim {
namespace {

namespace fs = std::filesystem;
using base::JsonNode;

constexpr std::string_view format_word = "quatrain-sweep-journal";

std::string first_line(const std::string& identity) {
  return nlohmann::ordered_json{{"format", format_word}, {"version", 2}, {"inputs", identity}}.dump();
}

/// Whole lines alone.
std::string whole_lines(const fs::path& file) {
  std::string text = base::read_whole_file(file);
  text.resize(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
  return text;
}

std::vector<std::string> strings_at(const JsonNode& node, std::string_view key) {
  std::vector<std::string> all;
  for (const JsonNode& item : node.at(key).items()) all.push_back(item.string());
  return all;
}

double number_of(const JsonNode& node, std::string_view key) {
  constexpr double largest = std::numeric_limits<double>::max();
  return node.at(key).number(0, largest);
}

/// Makes folder and journal where they are missing. Returns `file`.
fs::path begun(fs::path file, const std::string& identity, bool resumes) {
  base::make_new_directory(file.parent_path());
  if (!fs::exists(file))
    base::write_whole_file(file, first_line(identity) + "\n");
  else if (!resumes)
    throw base::Error("{}: holds a sweep already; expected --resume to go on with it, or another --out",
                      file.parent_path().string());
  return file;
}

}  // namespace

Journal::Journal(fs::path file, const std::string& identity, bool resumes)
    : file_(begun(std::move(file), identity, resumes)),
      lock_(file_, "another sweep adds to it; expected one at a time, or --shard", std::chrono::seconds(1)) {
  read(file_, identity);  // refuses one of other inputs
  base::OutputFile journal(file_, base::OutputFile::Mode::append);
  journal.cut_to(static_cast<off_t>(whole_lines(file_).size()));
  journal.close();
}

std::string Journal::line_of(std::uint64_t point, const DesignResult& result) {
  const nlohmann::ordered_json json = {{"point", point},
                                       {"refused", result.is_refused},
                                       {"milliseconds", result.sums.milliseconds},
                                       {"energy_pj", result.sums.energy_pj},
                                       {"buffer_kib", result.sums.buffer_kib},
                                       {"area_mm2", result.sums.area_mm2},
                                       {"rows", result.rows},
                                       {"layers", result.layer_rows}};
  return json.dump();
}

void Journal::add(const std::string& line) { base::append_line(file_, line); }

std::pair<std::uint64_t, DesignResult> Journal::result_of(std::string_view line, const std::string& place) {
  const JsonNode node = JsonNode::parse(line, place);
  const auto point = node.at("point").integer(0, std::numeric_limits<std::int64_t>::max());
  return {static_cast<std::uint64_t>(point),
          {.rows = strings_at(node, "rows"),
           .layer_rows = strings_at(node, "layers"),
           .is_refused = node.at("refused").boolean(),
           .sums = {number_of(node, "milliseconds"), number_of(node, "energy_pj"),
                    number_of(node, "buffer_kib"), number_of(node, "area_mm2")}}};
}

std::map<std::uint64_t, DesignResult> Journal::read(const fs::path& file, const std::string& identity) {
  const std::string text = whole_lines(file);
  std::map<std::uint64_t, DesignResult> results;
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = text.find('\n', begin);
    const std::string_view bytes = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    if (line == 0) {
      if (bytes != first_line(identity))
        throw base::Error(
            "{}: is of another study, or its design or workloads have changed; expected another --out",
            file.string());
      continue;
    }
    auto [point, result] = result_of(bytes, fmt::format("{}: line {}", file.string(), line + 1));
    results[point] = std::move(result);
  }
  return results;
}

}  // namespace quatrain::sim
