# Finds an nvcc that can compile the kernels. Sets the global properties QUATRAIN_NVCC (the command with its flags) and
# QUATRAIN_CUDA_TARGETS (-gencode flags), both empty without one, and QUATRAIN_CUDART or QUATRAIN_WHY_NO_CUDA here. nvcc is
# called by custom commands and CMake's CUDA language is not enabled: an nvcc that does not get on with the host compiler
# then leaves the kernels out instead of ending the configuration.
set(QUATRAIN_CUDA_ARCHITECTURES 80 90 100 120 CACHE STRING "GPU architectures; those that nvcc does not know are left out")
set(QUATRAIN_NVCC_FLAGS
  -std=c++20 -O3
  --fmad=false              # a fused multiply-add only where the specification has one
  --expt-relaxed-constexpr  # traces/geometry.hpp in device code
  -Werror all-warnings -Xcompiler=-ffp-contract=off,-Wall,-Wextra,-Wshadow -I${PROJECT_SOURCE_DIR} -I${PROJECT_SOURCE_DIR}/kernels)

function(quatrain_find_nvcc)
  macro(leave_out reason)
    set(QUATRAIN_WHY_NO_CUDA "${reason}" PARENT_SCOPE)
    if(QUATRAIN_CUDA STREQUAL ON)
      message(FATAL_ERROR "QUATRAIN_CUDA is ON, but: ${reason}")
    endif()
    message(STATUS "CUDA kernels: ${reason}; they run on the CPU only")
    return()
  endmacro()

  if(QUATRAIN_CUDA STREQUAL OFF)
    leave_out("built without CUDA (QUATRAIN_CUDA is OFF)")
  endif()
  find_program(QUATRAIN_NVCC_PROGRAM nvcc HINTS $ENV{CUDA_PATH}/bin /usr/local/cuda/bin)
  if(NOT QUATRAIN_NVCC_PROGRAM)
    leave_out("built without nvcc")
  endif()
  execute_process(COMMAND ${QUATRAIN_NVCC_PROGRAM} --version OUTPUT_VARIABLE version ERROR_QUIET)
  if(NOT version MATCHES "release ([0-9]+\\.[0-9]+)")
    leave_out("built without nvcc: it does not tell its version")
  endif()
  set(version ${CMAKE_MATCH_1})
  if(version VERSION_LESS 12.0)
    leave_out("built without nvcc: it is ${version}, the kernels need 12.0")
  endif()

  execute_process(COMMAND ${QUATRAIN_NVCC_PROGRAM} --list-gpu-arch OUTPUT_VARIABLE known ERROR_QUIET)
  set(targets "")
  foreach(architecture ${QUATRAIN_CUDA_ARCHITECTURES})
    if(known MATCHES "compute_${architecture}\n")
      list(APPEND targets -gencode arch=compute_${architecture},code=sm_${architecture})
      list(APPEND found ${architecture})
    endif()
  endforeach()
  if(NOT targets)
    leave_out("built without nvcc: it knows none of the architectures ${QUATRAIN_CUDA_ARCHITECTURES}")
  endif()
  list(GET found 0 first)
  list(APPEND targets -gencode arch=compute_${first},code=compute_${first})  # PTX, for GPUs between and after them

  get_filename_component(cuda ${QUATRAIN_NVCC_PROGRAM} REALPATH)
  get_filename_component(cuda ${cuda} DIRECTORY)
  find_library(QUATRAIN_CUDART cudart_static HINTS ${cuda}/../lib64 ${cuda}/../lib ${cuda}/../targets/x86_64-linux/lib)
  if(NOT QUATRAIN_CUDART)
    leave_out("built without nvcc: cudart_static was not found beside it")
  endif()
  set(probe ${CMAKE_CURRENT_BINARY_DIR}/nvcc_probe.cu)
  file(WRITE ${probe} "#include <span>\n__global__ void probe(int* x) { *x = 1; }\n")
  execute_process(COMMAND ${QUATRAIN_NVCC_PROGRAM} -ccbin ${CMAKE_CXX_COMPILER} ${QUATRAIN_NVCC_FLAGS} ${targets} -c ${probe}
                          -o ${probe}.o
                  RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(failed)
    message(STATUS "${said}")
    leave_out("built without nvcc: it does not compile with ${CMAKE_CXX_COMPILER}")
  endif()
  list(JOIN targets " " shown)
  message(STATUS "CUDA kernels: nvcc ${version} ${shown}")
  set_property(GLOBAL PROPERTY QUATRAIN_NVCC
    ${QUATRAIN_NVCC_PROGRAM} -ccbin ${CMAKE_CXX_COMPILER} ${QUATRAIN_NVCC_FLAGS})
  set_property(GLOBAL PROPERTY QUATRAIN_CUDA_TARGETS ${targets})
endfunction()
quatrain_find_nvcc()

# Compiles `source` by nvcc to an object file and puts its path into `object`.
function(quatrain_nvcc_object source object)
  get_property(nvcc GLOBAL PROPERTY QUATRAIN_NVCC)
  get_property(targets GLOBAL PROPERTY QUATRAIN_CUDA_TARGETS)
  get_filename_component(name ${source} NAME)
  set(file ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
  add_custom_command(OUTPUT ${file}
    COMMAND ${nvcc} ${targets} --threads 2 -MD -MF ${file}.d -c ${source} -o ${file}
    DEPENDS ${source} DEPFILE ${file}.d COMMENT "Compiling ${name} with nvcc" VERBATIM)
  set(${object} ${file} PARENT_SCOPE)
endfunction()
