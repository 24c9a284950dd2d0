# Fails when a library's objects define or refer to anything in another machine's namespace: what the includes do not show
# (a declaration written by hand, a template's instance) shows here.
#   cmake -DNM=<nm> -DLIBRARY=<archive> -DNAMESPACE=<its own: traces, emu, ...> -P check_symbols.cmake
execute_process(COMMAND ${NM} --demangle ${LIBRARY} OUTPUT_VARIABLE symbols ERROR_VARIABLE errors RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${NM} ${LIBRARY}: ${errors}")
endif()
if(NOT symbols MATCHES "quatrain::${NAMESPACE}::")
  message(FATAL_ERROR "${LIBRARY} has no symbol of quatrain::${NAMESPACE}: the check would be empty")
endif()
foreach(other emu rtl_models kernels sim tests)
  if(NOT other STREQUAL NAMESPACE AND symbols MATCHES "[^\n]*quatrain::${other}::[^\n]*")
    message(FATAL_ERROR "${NAMESPACE} refers to quatrain::${other}:\n${CMAKE_MATCH_0}")
  endif()
endforeach()
