/// plant_faults ROOT MACHINE OUT PATCHES FILES...: writes the copy of ROOT/MACHINE/... that carries the
/// faults of the folder PATCHES to OUT/planted/MACHINE/... A file that stays as it was is not touched.
#include "tests/faults/planting.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace {

namespace fs = std::filesystem;
using namespace quatrain::faults;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path.string() + ": cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

void write(const fs::path& path, const Source& source) {
  std::string text;
  for (const std::string& line : source.lines) text += line + '\n';
  if (fs::exists(path) && read(path) == text) return;
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (!out.flush()) throw std::runtime_error(path.string() + ": cannot be written");
}

std::vector<Patch> patches_in(const fs::path& folder) {
  std::vector<Patch> patches;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".patch")
      patches.push_back(parse_patch(entry.path().stem().string(), read(entry.path())));
  std::sort(patches.begin(), patches.end(), [](const Patch& a, const Patch& b) { return a.name < b.name; });
  return patches;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count < 6) throw std::runtime_error("usage: plant_faults ROOT MACHINE OUT PATCHES FILES...");
  const fs::path root = arguments[1], out = arguments[3], folder = arguments[4];
  const std::string machine = arguments[2];
  std::vector<Source> sources;
  for (int i = 5; i < count; ++i) sources.push_back({arguments[i], lines_of(read(root / arguments[i]))});
  for (const Source& source : planted_copy(machine, sources, patches_in(folder)))
    write(out / "planted" / source.file, source);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "plant_faults: " << error.what() << '\n';
  return 2;
}
