# The PTX of every kernel, checked for arithmetic that the specification does not have:
#   cmake -DPTX=<file> -P ptx_check.cmake
# or, of a source that is compiled first:
#   cmake -DNVCC=<nvcc;its;flags> -DSOURCE=<file.cu> -DARCHITECTURE=80 -DPTX=<file to write> -P ptx_check.cmake
if(SOURCE)
  execute_process(COMMAND ${NVCC} -gencode arch=compute_${ARCHITECTURE},code=compute_${ARCHITECTURE} --ptx ${SOURCE} -o ${PTX}
                  RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(failed)
    message(FATAL_ERROR "nvcc --ptx failed:\n${said}")
  endif()
endif()
file(READ ${PTX} ptx)
foreach(needed "\\.entry [A-Za-z0-9_]*find_maximum" "\\.entry [A-Za-z0-9_]*sum_sawb" "\\.entry [A-Za-z0-9_]*make_codes[A-Za-z0-9_]*SawbCoder"
        "\\.entry [A-Za-z0-9_]*make_codes[A-Za-z0-9_]*LuqCoder" "\\.entry [A-Za-z0-9_]*make_codes_and_maximum" "\\.entry [A-Za-z0-9_]*gemm_naive"
        "\\.entry [A-Za-z0-9_]*gemm_tiled" "\\.entry [A-Za-z0-9_]*scale_accumulators"
        "mul\\.(rn\\.)?f32" "cvt\\.rni\\.f32\\.f32" "dp4a\\.s32\\.s32")
  if(NOT ptx MATCHES "${needed}")
    message(FATAL_ERROR "${PTX}: ${needed} was not found: the check would prove nothing")
  endif()
endforeach()
# Contraction, flushing of subnormals, approximations, fp64, atomics on floats.
foreach(forbidden "fma\\." "\\.ftz" "\\.approx" "rcp\\." "\\.f64" "(atom|red)\\.[a-z.]*f32")
  if(ptx MATCHES "[^\n]*${forbidden}[^\n]*")
    string(STRIP "${CMAKE_MATCH_0}" line)
    message(FATAL_ERROR "${PTX}: ${line}: the kernels may not use ${forbidden}")
  endif()
endforeach()
