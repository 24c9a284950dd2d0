#pragma once
/// Makes the copy of a machine that carries its planted faults: sources in, patches applied, a namespace of
/// its own. README.md beside this file describes the format of a patch.

#include <filesystem>
#include <string>
#include <vector>

namespace quatrain::faults {

/// One hunk: what it replaces in `file`, and by what. A line that stays is in both.
struct Hunk {
  std::string file;                ///< as includes name it: "emu/gemm/reference.cpp"
  std::vector<std::string> lines;  ///< each with its mark: ' ', '-' or '+'
};

struct Patch {
  std::string name;  ///< of the file, and of the fault
  std::string kind, site, sentence;
  std::vector<Hunk> hunks;
};

struct Source {
  std::string file;
  std::vector<std::string> lines;
};

/// Throws std::runtime_error "NAME.patch: ..." for a text that is not a patch.
Patch parse_patch(const std::string& name, const std::string& text);

/// Every hunk must stand exactly once in the sources as they are, and no line is changed by two patches: so
/// the order of the patches does not matter. Throws std::runtime_error "NAME.patch: ..." otherwise.
std::vector<Source> apply_patches(const std::vector<Source>& sources, const std::vector<Patch>& patches);

/// Applies `patches` and moves the sources of `machine` from quatrain::MACHINE to quatrain::planted::MACHINE,
/// and adds planted/MACHINE/planted.hpp: the faults' numbers, what their patches say of them, and the number
/// at work.
std::vector<Source> planted_copy(const std::string& machine, const std::vector<Source>& sources,
                                 const std::vector<Patch>& patches);

}  // namespace quatrain::faults
