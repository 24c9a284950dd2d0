#!/usr/bin/env python3
"""A numpy product of all three phases, checked against the conformance set.

    PYTHONPATH=python python3 examples/conformance.py build/release/quatrain

The product is written from docs/numerics.md, section 6. Exit code 0: every bit is right.
"""

import sys

import numpy
import quatrain_verify


def axis_of(tap, size, stride, padding, outputs):
    """Which outputs meet an input under a tap, and which inputs those are."""
    inputs = numpy.arange(outputs) * stride + tap - padding
    met = (inputs >= 0) & (inputs < size)
    return numpy.flatnonzero(met), inputs[met]


def multiply(task):
    """The sums over taps of plain matrix products. float64 holds every sum exactly: they are below 2^31."""
    g = task.geometry
    out = numpy.zeros(task.result_shape)
    left = task.left.values.astype(numpy.float64)
    rights = [operand.values.astype(numpy.float64) for operand in task.right]
    ins, outs = g.in_channels // g.groups, g.out_channels // g.groups
    for group in range(g.groups):
        c, o = slice(group * ins, (group + 1) * ins), slice(group * outs, (group + 1) * outs)
        for i in range(g.kernel_height):
            ho, h = axis_of(i, g.height, g.stride_height, g.padding_height, g.out_height)
            for j in range(g.kernel_width):
                wo, w = axis_of(j, g.width, g.stride_width, g.padding_width, g.out_width)
                if not ho.size or not wo.size:
                    continue
                x_at, z_at = numpy.ix_(range(g.batch), range(g.in_channels)[c], h, w), numpy.ix_(
                    range(g.batch), range(g.out_channels)[o], ho, wo)
                for right in rights:
                    if task.phase == "forward":  # Z[b, o, ho, wo] += X[b, c, h, w] W[o, c, i, j]
                        out[z_at] += numpy.einsum("bchw,oc->bohw", left[x_at], right[o, :, i, j], optimize=True)
                    elif task.phase == "backward_data":  # dX[b, c, h, w] += dZ[b, o, ho, wo] W[o, c, i, j]
                        out[x_at] += numpy.einsum("bohw,oc->bchw", left[z_at], right[o, :, i, j], optimize=True)
                    else:  # dW[o, c, i, j] += X[b, c, h, w] dZ[b, o, ho, wo]
                        out[o, :, i, j] += numpy.einsum("bchw,bohw->oc", left[x_at], right[z_at], optimize=True)
    return out.astype(numpy.int32)


if __name__ == "__main__":
    program = sys.argv[1] if len(sys.argv) > 1 else "quatrain"
    sys.exit(0 if quatrain_verify.check(multiply, quatrain=program) else 1)
