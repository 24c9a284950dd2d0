#!/usr/bin/env python3
"""draw.py: which mistakes the second dozen of wrong kernels makes (README.md).

A mistake is a cell (site, kind of mistake) and a part: a phase of the GEMM, or a rule of the quantizer. Cells are drawn
without return, every cell with equal chance, then one of its parts. The seed and the table were committed before the
first hypothesis of sim/diagnosis/ was written; the draw was made after the last one.
"""
import random

SEED = 20261128
COUNT = 12
F, D, W = "forward", "backward_data", "backward_weight"
INT, UINT, LUQ, NEAREST = "sawb_int4", "sawb_uint4", "luq_fp4", "nearest_fp4"

# site, kind, parts, what the kernel does, the cause that a diagnosis should name first
CELLS = [
    ("codec", "off_by_one", [F, D, W], "left code 5 is read as code 6", "code_value.left"),
    ("codec", "order", [F, D, W], "the two nibbles of a byte of the left operand are swapped", "nibble_order.left"),
    ("codec", "dropped", [F, D, W], "the right operand's sign is dropped", "sign.right_lost"),
    ("codec", "width", [F, D], "the right operand's int4 codes are read as 0 to 15", "sign.right_unsigned"),
    ("codec", "guard", [F, D, W], "the last code of a left operand with an odd count is read as 0", "code_value.odd_end"),
    ("multiplier", "off_by_one", [F, D, W], "the product of left code 7 and right code 7 is one too large", "product.pair"),
    ("multiplier", "width", [D, W], "products wrap in int8", "product.int8_wrapped"),
    ("multiplier", "dropped", [F, D, W], "right code 1 counts as 0", "code_value.right"),
    ("accumulator", "width", [F, D, W], "the sum wraps in int16", "accumulator.int16_wrapped"),
    ("accumulator", "guard", [F, D, W], "the sum saturates in int16 after every term", "accumulator.int16_saturated"),
    ("accumulator", "order", [F, D, W], "the sum is an fp16, in order of k", "accumulator.fp16"),
    ("accumulator", "stale", [F, D, W], "the sum is not cleared between the columns of a row", "stale.accumulator"),
    ("accumulator", "dropped", [F, D, W], "the last term of k is not added", "term.last_dropped"),
    ("accumulator", "doubled", [F, D, W], "the first term of k is added twice", "term.first_doubled"),
    ("index", "off_by_one", [F, D, W], "the right operand is read one element further", "index.right_shifted"),
    ("index", "order", [F, D, W], "the right operand is read transposed", "transposition.right"),
    ("index", "dropped", [F, D, W], "the terms behind the last whole 16 of k are not added", "k_tail.16"),
    ("index", "guard", [F, D, W], "the rows behind the last whole 16 stay zero", "tile_edge.rows"),
    ("index", "stale", [F, D, W], "the columns behind the last whole 8 repeat those of the 8 before", "tile_edge.columns"),
    ("geometry", "off_by_one", [F, D, W], "the padding counts as one less on both axes", "geometry.padding"),
    ("geometry", "order", [F, D, W], "the window is turned by half a turn", "geometry.window_turned"),
    ("geometry", "dropped", [F, W], "the stride counts as 1", "geometry.stride"),
    ("geometry", "doubled", [F, D, W], "every group reads the right operand of group 0", "geometry.groups"),
    ("geometry", "guard", [F, W], "padding repeats the nearest element in place of zero", "geometry.padding_repeats"),
    ("sample", "dropped", [W], "the last sample is not added", "samples.last_dropped"),
    ("sample", "doubled", [W], "every sample is read as the first", "samples.first_only"),
    ("epilogue", "order", [F, D, W], "the output is (accumulator x left scale) x right scale", "output.scale_order"),
    ("epilogue", "stale", [F, D, W], "the output has the scale of the GEMM before", "stale.scale"),
    ("epilogue", "dropped", [W], "the output is not divided by the number of samples", "output.samples"),
    ("quantizer", "off_by_one", [INT, UINT, NEAREST], "ties go away from zero", "ties.away"),
    ("quantizer", "dropped", [INT, UINT, LUQ, NEAREST], "codes are rounded toward zero", "rounding.toward_zero"),
    ("quantizer", "order", [INT, UINT, LUQ, NEAREST], "x / scale in place of x times the inverse", "scaling.divided"),
    ("quantizer", "guard", [INT, UINT], "codes are not clamped and wrap in 4 bits", "clamp.missing"),
    ("quantizer", "stale", [INT, UINT, LUQ, NEAREST], "the inverse is that of the tensor before", "stale.scale"),
    ("quantizer", "width", [LUQ], "the threshold is u / 2^r in place of the middle of its part", "threshold.low"),
    ("draw", "off_by_one", [LUQ], "an element has the draw of the next one", "draw.next"),
    ("draw", "order", [LUQ], "the draws of a word are taken from its high bits first", "draw.order"),
    ("draw", "doubled", [LUQ], "two neighbours have one draw", "draw.shared"),
    ("draw", "dropped", [LUQ], "every sample has the draws of sample 0", "draw.sample"),
    ("draw", "stale", [LUQ], "the draws are those of the step before", "draw.step"),
    ("packing", "order", [INT, UINT, LUQ, NEAREST], "the first code of a byte stands in its high nibble", "nibble_order.codes"),
    ("packing", "guard", [LUQ, NEAREST], "a negative element that becomes zero has code 0x8", "sign.zero_code"),
]


def drawn():
    chance = random.Random(SEED)
    for site, kind, parts, what, cause in chance.sample(CELLS, COUNT):
        yield site, kind, chance.choice(parts), what, cause


if __name__ == "__main__":
    for mistake in drawn():
        print("\t".join(mistake))
