# Plants forbidden includes in a copy of the tree and wants each to be refused, and the untouched copy accepted.
#   cmake -DROOT=<tree> -DWORK=<folder of its own> -P include_check_test.cmake
function(check expectation name)
  execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${WORK}/tree -P ${ROOT}/tests/house/check_includes.cmake
                  RESULT_VARIABLE result ERROR_VARIABLE errors OUTPUT_QUIET)
  if(expectation STREQUAL "accepted" AND NOT result EQUAL 0)
    message(FATAL_ERROR "${name}: refused, but nothing is wrong:\n${errors}")
  elseif(expectation STREQUAL "refused" AND (result EQUAL 0 OR NOT errors MATCHES "planted"))
    message(FATAL_ERROR "${name}: not refused, or the planted file is not named:\n${errors}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK}/tree)
foreach(folder traces emu rtl_models kernels)
  file(COPY ${ROOT}/${folder} DESTINATION ${WORK}/tree)
endforeach()
check(accepted "the tree as it is")

set(plants
  "emu/gemm|\"rtl_models/array_model.hpp\""
  "rtl_models|\"emu/gemm/blocked.hpp\""
  "kernels|<emu/quant/quantizer.hpp>"
  "traces/base|\"emu/machine.hpp\""
  "emu/quant|\"sim/machines.hpp\""
  "rtl_models/array|\"../../kernels/machine.hpp\""
  "kernels|PATH_FROM_A_MACRO"
  "emu|\"tests/support/planted_fault.hpp\""
  "kernels/gemm|<quatrain/kernel_abi.h>"
  "kernels/simt|\"traces/base/error.hpp\""
  "kernels/simt|\"kernels/backend.hpp\""
  "emu|\"simt/device.hpp\"")
foreach(plant ${plants})
  string(REPLACE "|" ";" parts "${plant}")
  list(GET parts 0 folder)
  list(GET parts 1 include)
  file(WRITE ${WORK}/tree/${folder}/planted.hpp "#pragma once\n  # include ${include}\n")
  check(refused "${folder} including ${include}")
  file(REMOVE ${WORK}/tree/${folder}/planted.hpp)
endforeach()
check(accepted "the tree after the plants are gone")
