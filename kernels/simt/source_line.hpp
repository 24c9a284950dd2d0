#pragma once
/// Where in the source something was done: told by the caller, or an address in the program whose line the
/// debug information has (-g).

#include <cstdint>
#include <source_location>
#include <string>

namespace simt {

struct Site {
  std::source_location place;
  const void* code = nullptr;  ///< the call's return address; nullptr: `place` counts

  static Site of(const std::source_location& place) { return {place, nullptr}; }
  static Site of_code(const void* return_address) { return {std::source_location(), return_address}; }
  bool operator==(const Site& other) const {
    return code == other.code && place.line() == other.place.line() &&
           place.column() == other.place.column() && place.file_name() == other.place.file_name();
  }
};

/// "file.cpp:12:3", or "file.cpp:12" of an address; "an unknown line" without debug information.
std::string name_of(const Site& site);

}  // namespace simt
