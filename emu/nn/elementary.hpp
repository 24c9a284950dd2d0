#pragma once
/// exp, log and cos of a training step, from additions, multiplications and divisions of fp64 in a stated
/// order, so that every machine gives the same bits; no libm (docs/training-step.md). exp and log are rounded
/// to fp32 once: largest error 0.5 + 2^-16 units in the last place, subnormal results included.

namespace quatrain::emu {

/// exp(NaN) is NaN; above 88.8 infinity, below -104 zero.
float exponential(float x);

/// Natural logarithm. log(+-0) is -infinity; NaN for a negative x or NaN; infinity for infinity.
float logarithm(float x);

/// cos(2 pi x) for x in [0, 1/4], in fp64: within 2^-52.
double cosine_of_turns(double x);

}  // namespace quatrain::emu
