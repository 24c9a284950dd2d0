#include "tests/faults/planting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace quatrain::faults {
namespace {

template <typename... Arguments>
[[noreturn]] void refuse(const std::string& patch, fmt::format_string<Arguments...> text,
                         Arguments&&... arguments) {
  throw std::runtime_error(patch + ".patch: " + fmt::format(text, std::forward<Arguments>(arguments)...));
}

/// Lines `begin` .. `end` - 1 of a source give way to others.
struct Edit {
  std::size_t begin = 0, end = 0;
  std::vector<std::string> lines;
  std::string patch;
};

std::string after(const std::string& line, std::string_view start) { return line.substr(start.size()); }

/// Where the lines of `hunk` that are not new begin in `source`.
std::size_t place_of(const Hunk& hunk, const Source& source, const std::string& patch) {
  std::vector<std::string> old;
  for (const std::string& line : hunk.lines)
    if (line[0] != '+') old.push_back(line.substr(1));
  if (old.empty()) refuse(patch, "a hunk of {} has only new lines: its place is not known", source.file);
  std::vector<std::size_t> places;
  for (auto at = source.lines.begin();; ++at) {
    at = std::search(at, source.lines.end(), old.begin(), old.end());
    if (at == source.lines.end()) break;
    places.push_back(static_cast<std::size_t>(at - source.lines.begin()));
  }
  if (places.size() == 1) return places.front();
  std::string joined = old.front();
  for (std::size_t i = 1; i < old.size(); ++i) joined += '\n' + old[i];
  refuse(patch, "does not apply: {} has this {} times, expected once: '{}'", source.file, places.size(),
         joined);
}

/// A hunk's changes, each a run of lines that go and lines that come.
std::vector<Edit> edits_of(const Hunk& hunk, const Source& source, const std::string& patch) {
  std::vector<Edit> edits;
  std::size_t at = place_of(hunk, source, patch);
  bool is_open = false;
  for (const std::string& line : hunk.lines) {
    if (line[0] == ' ') {
      is_open = false;
      ++at;
      continue;
    }
    if (!is_open) edits.push_back({at, at, {}, patch});
    is_open = true;
    if (line[0] == '+')
      edits.back().lines.push_back(line.substr(1));
    else
      edits.back().end = ++at;
  }
  return edits;
}

Source edited(const Source& source, std::vector<Edit> edits) {
  std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  Source result{source.file, {}};
  const auto copy = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) result.lines.push_back(source.lines[i]);
  };
  std::size_t at = 0;
  std::string last;
  for (const Edit& edit : edits) {
    if (edit.begin < at)
      refuse(edit.patch, "changes a line of {} that {}.patch changes too: '{}'", source.file, last,
             source.lines[edit.begin]);
    copy(at, edit.begin);
    result.lines.insert(result.lines.end(), edit.lines.begin(), edit.lines.end());
    at = edit.end;
    last = edit.patch;
  }
  copy(at, source.lines.size());
  return result;
}

void replace_all(std::string& line, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = line.find(from, at)) != std::string::npos; at += to.size())
    line.replace(at, from.size(), to);
}

Source faults_header(const std::string& machine, const std::vector<Patch>& patches) {
  Source header{machine + "/planted.hpp", {}};
  const auto add = [&](std::string line) { header.lines.push_back(std::move(line)); };
  add("#pragma once");
  add(fmt::format("/// Written by tests/faults/plant_faults from the patches of tests/faults/{}/.", machine));
  add("");
  add(fmt::format("namespace quatrain::planted::{} {{", machine));
  add("");
  add("enum class Fault : unsigned char { none");
  for (const Patch& patch : patches) add("  , " + patch.name + "  ///< " + patch.sentence);
  add("};");
  add("");
  add("/// The fault at work. Set it while no machine of this copy computes.");
  add("inline Fault planted = Fault::none;");
  add("");
  add("/// What the head of a patch says.");
  add("struct FaultHead { const char *name, *site, *kind; };");
  add("");
  add("/// By number; the first is none.");
  add("inline constexpr FaultHead fault_heads[] = {{\"\", \"\", \"\"}");
  for (const Patch& patch : patches)
    add(fmt::format(R"(  , {{"{}", "{}", "{}"}})", patch.name, patch.site, patch.kind));
  add("};");
  add("");
  add(fmt::format("}}  // namespace quatrain::planted::{}", machine));
  return header;
}

}  // namespace

Patch parse_patch(const std::string& name, const std::string& text) {
  Patch patch;
  patch.name = name;
  std::istringstream in(text);
  std::string file;
  bool in_hunk = false;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.starts_with("--- ")) {
      file = after(line, "--- ");
      in_hunk = false;
    } else if (line == "@@") {
      if (file.empty()) refuse(name, "line {}: a hunk before the first '--- FILE'", number);
      patch.hunks.push_back({file, {}});
      in_hunk = true;
    } else if (in_hunk) {
      if (line.empty()) line = " ";  // editors take the blank of an empty line
      if (line[0] != ' ' && line[0] != '-' && line[0] != '+')
        refuse(name, "line {}: expected ' ', '-' or '+', '@@' or '--- FILE' first: '{}'", number, line);
      patch.hunks.back().lines.push_back(line);
    } else if (!file.empty()) {
      refuse(name, "line {}: '@@' expected after '--- {}'", number, file);
    } else if (line.starts_with("kind: ")) {
      patch.kind = after(line, "kind: ");
    } else if (line.starts_with("site: ")) {
      patch.site = after(line, "site: ");
    } else if (!line.empty()) {
      patch.sentence += (patch.sentence.empty() ? "" : " ") + line;
    }
  }
  for (Hunk& hunk : patch.hunks)
    while (!hunk.lines.empty() && hunk.lines.back() == " ") hunk.lines.pop_back();
  if (patch.kind.empty() || patch.site.empty() || patch.sentence.empty())
    refuse(name, "expected at its head: 'kind: ...', 'site: ...' and a sentence");
  if (patch.hunks.empty()) refuse(name, "changes nothing");
  if (text.find("Fault::" + name) == std::string::npos)
    refuse(name, "expected a guard: 'planted == Fault::{}'", name);
  return patch;
}

std::vector<Source> apply_patches(const std::vector<Source>& sources, const std::vector<Patch>& patches) {
  std::vector<std::vector<Edit>> edits(sources.size());
  for (const Patch& patch : patches)
    for (const Hunk& hunk : patch.hunks) {
      const auto source = std::find_if(sources.begin(), sources.end(),
                                       [&](const Source& candidate) { return candidate.file == hunk.file; });
      if (source == sources.end()) refuse(patch.name, "there is no file {}", hunk.file);
      auto& list = edits[static_cast<std::size_t>(source - sources.begin())];
      for (Edit& edit : edits_of(hunk, *source, patch.name)) list.push_back(std::move(edit));
    }
  std::vector<Source> result;
  for (std::size_t i = 0; i < sources.size(); ++i) result.push_back(edited(sources[i], std::move(edits[i])));
  return result;
}

std::vector<Source> planted_copy(const std::string& machine, const std::vector<Source>& sources,
                                 const std::vector<Patch>& patches) {
  std::vector<Source> copy = apply_patches(sources, patches);
  for (Source& source : copy) {
    bool is_patched = false;
    for (const std::string& line : source.lines) is_patched |= line.find("Fault::") != std::string::npos;
    for (std::string& line : source.lines) {
      replace_all(line, "quatrain::" + machine, "quatrain::planted::" + machine);
      replace_all(line, "#include \"" + machine + "/", "#include \"planted/" + machine + "/");
    }
    if (!is_patched) continue;
    const auto first = std::find_if(source.lines.begin(), source.lines.end(),
                                    [](const std::string& line) { return line.starts_with("#include"); });
    source.lines.insert(first, fmt::format("#include \"planted/{}/planted.hpp\"", machine));
  }
  copy.push_back(faults_header(machine, patches));
  return copy;
}

}  // namespace quatrain::faults
