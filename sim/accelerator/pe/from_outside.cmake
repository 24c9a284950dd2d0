# Adds kinds of PE from outside to a program, NAME=FOLDER each (docs/guides/pe.md). The sources of the folder define
# `const quatrain::sim::PeKind& NAME_kind()`.
function(quatrain_add_pe_kinds program)
  set(declarations "")
  set(kinds "")
  foreach(entry ${ARGN})
    if(NOT entry MATCHES "^([a-z][a-z0-9_]*)=(.+)$")
      message(FATAL_ERROR "QUATRAIN_PE_KINDS has '${entry}'; expected NAME=FOLDER")
    endif()
    set(name ${CMAKE_MATCH_1})
    set(folder ${CMAKE_MATCH_2})
    cmake_path(ABSOLUTE_PATH folder BASE_DIRECTORY ${CMAKE_SOURCE_DIR})
    file(GLOB sources ${folder}/*.cpp)
    if(NOT sources)
      message(FATAL_ERROR "QUATRAIN_PE_KINDS: ${folder} has no *.cpp; expected the sources of '${name}'")
    endif()
    target_sources(${program} PRIVATE ${sources})
    string(APPEND declarations "const quatrain::sim::PeKind& ${name}_kind();\n")
    string(APPEND kinds "&${name}_kind(), ")
  endforeach()
  if(NOT kinds)
    return()
  endif()
  if(NOT TARGET quatrain_systemc)
    message(FATAL_ERROR "QUATRAIN_PE_KINDS needs SystemC (Debian package libsystemc-dev)")
  endif()
  # An object of the program itself comes before the library's own, which has none (outside_kinds.cpp).
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${program}_pe_kinds.cpp CONTENT [=[
#include "sim/accelerator/pe/pe_kind.hpp"

#include <array>

@declarations@
namespace quatrain::sim {

std::span<const PeKind* const> pe_kinds_from_outside() {
  static const std::array kinds = {@kinds@};
  return kinds;
}

}  // namespace quatrain::sim
]=] @ONLY)
  target_sources(${program} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${program}_pe_kinds.cpp)
  target_link_libraries(${program} PRIVATE quatrain_accelerator quatrain_systemc)
endfunction()
