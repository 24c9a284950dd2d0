"""Checks 4-bit products and quantizers of your own against Quatrain, bit for bit. Needs numpy, and the program `quatrain`.

    import quatrain_verify

    def multiply(task):                          # a quatrain_verify.Gemm
        ...                                      # numpy in, numpy out
        return accumulators                      # int32, in task.result_shape

    result = quatrain_verify.check(multiply)     # prints the first difference, if there is one
    assert result

A kernel behind the C interface of quatrain/kernel_abi.h comes in the same way:

    mine = quatrain_verify.load_kernel("./mine.so")
    assert quatrain_verify.check(mine.multiply, mine.quantize)

docs/guides/conformance.md leads through it. docs/numerics.md defines every number. This file stands alone: copy it, or
put its folder on PYTHONPATH.
"""

import ctypes
import dataclasses
import json
import os
import subprocess
import sys
import tempfile

import numpy

__all__ = ["Gemm", "Geometry", "Kernel", "Operand", "Quantizer", "Result", "Trace", "check", "load_kernel", "pack_codes",
           "unpack_codes", "write_safetensors"]

VALUES = {
    "int4": numpy.array([0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1], numpy.int8),
    "uint4": numpy.arange(16, dtype=numpy.int8),
    "fp4_e3m0": numpy.array([0, 1, 2, 4, 8, 16, 32, 64, 0, -1, -2, -4, -8, -16, -32, -64], numpy.int8),
}
"""The value of each code, in units of the scale."""

_DTYPES = {"F32": numpy.dtype("<f4"), "I32": numpy.dtype("<i4"), "U8": numpy.dtype("u1")}


def unpack_codes(packed, shape):
    """Packed nibbles as an array of codes, one per element (uint8)."""
    packed = numpy.asarray(packed, numpy.uint8).reshape(-1)
    nibbles = numpy.stack([packed & 15, packed >> 4], axis=1).reshape(-1)
    return nibbles[: int(numpy.prod(shape))].reshape(shape)


def pack_codes(codes):
    """Codes, one per element, as packed nibbles: element 0 in the low half of byte 0."""
    codes = numpy.asarray(codes, numpy.uint8).reshape(-1)
    if codes.size % 2:
        codes = numpy.append(codes, numpy.uint8(0))
    return codes[0::2] | codes[1::2] << 4


def write_safetensors(path, tensors):
    """tensors: name to array of float32, int32 or uint8. Words stand before bytes, as every reader wants it."""
    words = {"float32": "F32", "int32": "I32", "uint8": "U8"}
    header, pieces, end = {}, [], 0
    for name, array in sorted(tensors.items(), key=lambda item: item[1].dtype == numpy.uint8):
        if array.dtype.name not in words:
            raise TypeError(f"tensor {name!r} is {array.dtype}; expected float32, int32 or uint8")
        data = array.astype(_DTYPES[words[array.dtype.name]]).tobytes()
        header[name] = {"dtype": words[array.dtype.name], "shape": list(array.shape), "data_offsets": [end, end + len(data)]}
        pieces.append(data)
        end += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for data in pieces:
            file.write(data)


@dataclasses.dataclass(frozen=True)
class Geometry:
    """X is [batch, in_channels, height, width], W [out_channels, in_channels / groups, kernel], Z like dZ
    [batch, out_channels, out_height, out_width]. A linear layer has 1 for height, width, kernel, stride."""

    batch: int
    in_channels: int
    height: int
    width: int
    out_channels: int
    out_height: int
    out_width: int
    kernel_height: int
    kernel_width: int
    stride_height: int
    stride_width: int
    padding_height: int
    padding_width: int
    groups: int


@dataclasses.dataclass(frozen=True)
class Operand:
    """A tensor of codes in its natural shape, four axes also for a linear layer. A real value is value x scale."""

    encoding: str  # "int4", "uint4" or "fp4_e3m0"
    codes: numpy.ndarray  # uint8, one code per element
    scale: numpy.float32

    @property
    def values(self):
        """int8: what the codes stand for."""
        return VALUES[self.encoding][self.codes]

    @property
    def packed(self):
        """uint8: two codes per byte."""
        return pack_codes(self.codes)


@dataclasses.dataclass(frozen=True)
class Gemm:
    """One product. `right` holds one operand, or the samples of backward_weight, whose products are all summed."""

    name: str  # STEP/PASS/LAYER/PHASE
    phase: str  # "forward", "backward_data" or "backward_weight"
    geometry: Geometry
    m: int
    n: int
    k: int
    groups: int
    left: Operand
    right: list
    result_shape: tuple  # four axes
    # None: int32. Else (bits, "wrap" or "saturate"): docs/numerics.md, section 7.
    accumulator: tuple = None


@dataclasses.dataclass(frozen=True)
class Quantizer:
    """One tensor to quantize (docs/numerics.md, sections 3 and 4)."""

    name: str
    rule: str  # "sawb_int4", "sawb_uint4", "luq_fp4" or "nearest_fp4"
    source: numpy.ndarray  # float32
    seed: int  # names the draws of luq_fp4, with step, layer and sample
    step: int
    layer: int
    sample: int
    random_bits: int  # 4, 8 or 16; 0 where nothing is drawn
    alpha: str  # "exact" or "pow2"
    maximum: object  # float32 that takes the place of the measured one, or None


class Trace:
    """A trace folder (docs/trace-format.md): its records as tasks, without the expected results."""

    def __init__(self, folder):
        self.folder = os.fspath(folder)
        with open(os.path.join(self.folder, "manifest.json"), encoding="utf-8") as file:
            self.manifest = json.load(file)
        self._layers = {layer["id"]: layer for layer in self.manifest["layers"]}
        self._quantizers = {record["id"]: record for record in self.manifest["quantizers"]}
        self._headers = {}

    def tensor(self, name):
        """As it is stored: float32, int32, or uint8 with one code per element."""
        entry = self.manifest["tensors"][name]
        path = os.path.join(self.folder, entry["file"])
        if path not in self._headers:
            with open(path, "rb") as file:
                length = int.from_bytes(file.read(8), "little")
                self._headers[path] = (8 + length, json.loads(file.read(length)))
        data_begin, header = self._headers[path]
        stored = header[name]
        begin, end = stored["data_offsets"]
        dtype = _DTYPES[stored["dtype"]]
        array = numpy.fromfile(path, dtype, (end - begin) // dtype.itemsize, offset=data_begin + begin)
        return unpack_codes(array, entry["shape"]) if entry["encoding"] in VALUES else array.reshape(entry["shape"])

    def gemms(self):
        """The products, in the order of the manifest."""
        for record in self.manifest["gemms"]:
            yield self._gemm(record)

    def quantizers(self):
        """The quantizer records whose source the trace holds."""
        for record in self.manifest["quantizers"]:
            if record["source"] is not None:
                yield self._quantizer(record)

    def _operand(self, name):
        record = self._quantizers[name]
        codes = self.tensor(record["codes"])
        encoding = self.manifest["tensors"][record["codes"]]["encoding"]
        return Operand(encoding, codes.reshape(_four_axes(codes.shape)), _float_of(record["scale"]))

    def _gemm(self, record):
        layer = self._layers[record["layer"]]
        left = self._operand(record["left"][0])
        right = [self._operand(name) for name in record["right"]]
        shape = _four_axes(record["result_shape"])
        phase, narrow = record["phase"], record.get("accumulator")
        shapes = {"forward": (left.codes.shape, shape), "backward_data": (shape, left.codes.shape),
                  "backward_weight": (left.codes.shape, right[0].codes.shape)}
        return Gemm(f"{record['step']}/{record['pass']}/{layer['name']}/{phase}", phase,
                    _geometry(layer, *shapes[phase]), record["m"], record["n"], record["k"], record["groups"], left, right,
                    shape, (narrow["int"], narrow["overflow"]) if narrow else None)

    def _quantizer(self, record):
        is_given = record.get("maximum") == "hindsight"
        return Quantizer(record["id"], record["rule"], self.tensor(record["source"]), self.manifest["run"]["seed"],
                         record["step"], record["layer"], record.get("sample", 0), record.get("random_bits", 0),
                         record.get("alpha", "exact"), _float_of(record["max_used"]) if is_given else None)


def _float_of(bits):
    return numpy.uint32(int(bits, 16)).view(numpy.float32)


def _four_axes(shape):
    return tuple(shape) + (1,) * (4 - len(shape))


def _geometry(layer, input_shape, output_shape):
    if layer["kind"] == "linear":
        out_channels, kernel, stride, padding, groups = layer["out_features"], (1, 1), (1, 1), (0, 0), 1
    else:
        out_channels, groups = layer["out_channels"], layer["groups"]
        kernel, stride, padding = layer["kernel"], layer["stride"], layer["padding"]
    return Geometry(*input_shape, out_channels, *output_shape[2:], *kernel, *stride, *padding, groups)


@dataclasses.dataclass(frozen=True)
class Result:
    """True where every result is equal and there is at least one."""

    equal: bool
    text: str  # what `quatrain conformance check` printed
    findings: dict  # its --json

    @property
    def first_difference(self):
        """None, or a dict: record, element, expected, got, text, ... (configs/schemas/crosscheck.schema.json)."""
        return self.findings["machines"]["results"]["first_difference"]

    def __bool__(self):
        return self.equal


def check(gemm_function=None, quantizer_function=None, directory=None, quatrain="quatrain", quick=True, shapes=(), convs=(),
          verbose=True):
    """Asks the functions for every record, and `quatrain conformance check` for the verdict.

    gemm_function(Gemm) returns the accumulators (int32, result_shape), or (accumulators, float32 output), or None for a
    record that it leaves out. quantizer_function(Quantizer) returns the codes (uint8, one per element, shape of the
    source), or (codes, scale), or None.

    directory: a trace; without one the set of `quatrain conformance make` is made for this call, with --quick where
    `quick`, and with shapes (tuples m, n, k) and convs (texts as --conv takes them) added. quatrain: the program.
    """
    if gemm_function is None and quantizer_function is None:
        raise TypeError("nothing to check; expected a gemm_function, a quantizer_function, or both")
    with tempfile.TemporaryDirectory(prefix="quatrain_verify_") as scratch:
        if directory is None:
            directory = os.path.join(scratch, "trace")
            arguments = ["conformance", "make", directory]
            arguments += ["--quick"] if quick else []
            for shape in shapes:
                arguments += ["--shape", ",".join(str(size) for size in shape)]
            for conv in convs:
                arguments += ["--conv", conv]
            _run(quatrain, arguments)
        results = _results_of(Trace(directory), gemm_function, quantizer_function)
        if not results:
            raise ValueError("nothing to check: the functions returned None for every record")
        file, findings = os.path.join(scratch, "results.safetensors"), os.path.join(scratch, "crosscheck.json")
        write_safetensors(file, results)
        done = _run(quatrain, ["conformance", "check", os.fspath(directory), "--results", file, "--json", findings])
        with open(findings, encoding="utf-8") as opened:
            result = Result(done.returncode == 0, done.stdout, json.load(opened))
    if verbose:
        lines = result.text.splitlines()
        told = [line for line in lines if line.startswith(("results differs", "results first difference"))]
        print("\n".join(told + lines[-1:]), file=sys.stdout if result else sys.stderr)
    return result


def _run(quatrain, arguments):
    """Exit codes 0 and 1 are answers."""
    done = subprocess.run([os.fspath(quatrain)] + arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{quatrain} {' '.join(arguments)}: {done.stderr.strip() or done.returncode}")
    return done


def _results_of(trace, gemm_function, quantizer_function):
    tensors = {}
    for task in trace.gemms() if gemm_function else ():
        answer = gemm_function(task)
        if answer is None:
            continue
        accumulators, output = answer if isinstance(answer, tuple) else (answer, None)
        tensors[task.name + ".accumulators"] = _flat(task.name, accumulators, numpy.int32, numpy.prod(task.result_shape))
        if output is not None:
            tensors[task.name + ".output"] = _flat(task.name, output, numpy.float32, numpy.prod(task.result_shape))
    for task in trace.quantizers() if quantizer_function else ():
        answer = quantizer_function(task)
        if answer is None:
            continue
        codes, scale = answer if isinstance(answer, tuple) else (answer, None)
        tensors[task.name + ".codes"] = pack_codes(_flat(task.name, codes, numpy.uint8, task.source.size))
        if scale is not None:
            tensors[task.name + ".scale"] = numpy.array([scale], numpy.float32)
    return tensors


def _flat(name, array, dtype, elements):
    array = numpy.asarray(array)
    if array.dtype != dtype or array.size != elements:
        raise TypeError(f"{name}: {array.size} elements of {array.dtype}; expected {elements} of {numpy.dtype(dtype).name}")
    return array.reshape(-1)


# ---- quatrain/kernel_abi.h, version 1 ----

_ABI_VERSION = 1
_PHASES = {"forward": 1, "backward_data": 2, "backward_weight": 3}
_ENCODINGS = {"int4": 11, "uint4": 12, "fp4_e3m0": 13}
_RULES = {"sawb_int4": 21, "sawb_uint4": 22, "luq_fp4": 23, "nearest_fp4": 24}
_ALPHAS = {"exact": 31, "pow2": 32}
_LAUNCH_ASCENDING = 41
_DONE, _REFUSED = 0, 51
_GIVES_OUTPUT = 1
_POISON = 0xCD


class _GeometryStruct(ctypes.Structure):
    _fields_ = [(field.name, ctypes.c_int64) for field in dataclasses.fields(Geometry)]


class _GemmTask(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint64), ("phase", ctypes.c_int32), ("left_encoding", ctypes.c_int32),
                ("right_encoding", ctypes.c_int32), ("launch_order", ctypes.c_int32), ("geometry", _GeometryStruct),
                ("left_scale", ctypes.c_float), ("right_scale", ctypes.c_float), ("left", ctypes.c_void_p),
                ("left_bytes", ctypes.c_uint64), ("right", ctypes.POINTER(ctypes.c_void_p)),
                ("right_samples", ctypes.c_uint64), ("right_bytes", ctypes.c_uint64)]


class _GemmResult(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint64), ("accumulators", ctypes.c_void_p),
                ("accumulator_count", ctypes.c_uint64), ("output", ctypes.c_void_p), ("output_scale", ctypes.c_float),
                ("text_bytes", ctypes.c_uint32), ("text", ctypes.c_char_p)]


class _QuantizerTask(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint64), ("rule", ctypes.c_int32), ("alpha", ctypes.c_int32),
                ("launch_order", ctypes.c_int32), ("random_bits", ctypes.c_uint32), ("seed", ctypes.c_uint32),
                ("step", ctypes.c_uint32), ("layer", ctypes.c_uint32), ("sample", ctypes.c_uint32),
                ("has_maximum", ctypes.c_uint32), ("maximum", ctypes.c_float), ("source", ctypes.c_void_p),
                ("elements", ctypes.c_uint64)]


class _QuantizerResult(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint64), ("codes", ctypes.c_void_p), ("code_bytes", ctypes.c_uint64),
                ("scale", ctypes.c_float), ("max", ctypes.c_float), ("max_used", ctypes.c_float), ("clip", ctypes.c_float),
                ("exponent", ctypes.c_int32), ("text_bytes", ctypes.c_uint32), ("count", ctypes.c_uint64),
                ("sum1", ctypes.c_uint64), ("sum2", ctypes.c_uint64), ("text", ctypes.c_char_p)]


_Multiply = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.POINTER(_GemmTask), ctypes.POINTER(_GemmResult))
_Quantize = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.POINTER(_QuantizerTask), ctypes.POINTER(_QuantizerResult))


class _KernelTable(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint64), ("abi_version", ctypes.c_uint32), ("capabilities", ctypes.c_uint32),
                ("name", ctypes.c_char_p), ("multiply", _Multiply), ("quantize", _Quantize)]


def _aligned(array):
    """A copy that begins at a multiple of 64 bytes."""
    data = numpy.ascontiguousarray(array).reshape(-1)
    room = numpy.empty(data.nbytes + 64, numpy.uint8)
    begin = -room.ctypes.data % 64
    copy = room[begin : begin + data.nbytes].view(data.dtype)
    copy[:] = data
    return copy


class Kernel:
    """A library that exports qt_kernel_entry, in this process: what it breaks, it breaks here. `quatrain verify TRACE
    --kernel FILE` runs it apart, and is the better check; this class is for trying it from Python."""

    def __init__(self, path):
        self._library = ctypes.CDLL(os.path.abspath(os.fspath(path)))
        try:
            entry = self._library.qt_kernel_entry
        except AttributeError:
            raise ValueError(f"{path}: exports no qt_kernel_entry (quatrain/kernel_abi.h)") from None
        entry.restype = ctypes.POINTER(_KernelTable)
        entry.argtypes = []
        table = entry()
        if not table:
            raise ValueError(f"{path}: qt_kernel_entry returned NULL")
        self._table = table.contents
        if self._table.abi_version != _ABI_VERSION or self._table.struct_size < ctypes.sizeof(_KernelTable):
            raise ValueError(f"{path}: version {self._table.abi_version} of the interface with a table of "
                             f"{self._table.struct_size} bytes; expected {_ABI_VERSION} and {ctypes.sizeof(_KernelTable)}")
        self.name = (self._table.name or b"").decode(errors="replace")

    def __call__(self, task):
        return self.multiply(task)

    def multiply(self, task):
        """Accumulators, or (accumulators, output) where the kernel gives one; None for a task that it refuses."""
        if not self._table.multiply or task.accumulator:  # the interface has int32 alone
            return None
        left = _aligned(task.left.packed)
        right = [_aligned(operand.packed) for operand in task.right]
        pointers = (ctypes.c_void_p * len(right))(*[sample.ctypes.data for sample in right])
        elements = int(numpy.prod(task.result_shape))
        accumulators = _aligned(numpy.full(4 * elements, _POISON, numpy.uint8).view(numpy.int32))
        gives_output = bool(self._table.capabilities & _GIVES_OUTPUT)
        output = _aligned(numpy.full(4 * elements, _POISON, numpy.uint8).view(numpy.float32))
        text = ctypes.create_string_buffer(512)
        asked = _GemmTask(ctypes.sizeof(_GemmTask), _PHASES[task.phase], _ENCODINGS[task.left.encoding],
                          _ENCODINGS[task.right[0].encoding], _LAUNCH_ASCENDING,
                          _GeometryStruct(*dataclasses.astuple(task.geometry)), task.left.scale, task.right[0].scale,
                          left.ctypes.data, left.size, pointers, len(right), right[0].size)
        result = _GemmResult(ctypes.sizeof(_GemmResult), accumulators.ctypes.data, elements,
                             output.ctypes.data if gives_output else None, 0.0, len(text),
                             ctypes.cast(text, ctypes.c_char_p))
        if not self._is_done(task.name, self._table.multiply(ctypes.byref(asked), ctypes.byref(result)), text):
            return None
        return (accumulators, output) if gives_output else accumulators

    def quantize(self, task):
        """(codes, scale); None for a task that it refuses."""
        if not self._table.quantize:
            return None
        source = _aligned(task.source)
        codes = _aligned(numpy.full((source.size + 1) // 2, _POISON, numpy.uint8))
        text = ctypes.create_string_buffer(512)
        asked = _QuantizerTask(ctypes.sizeof(_QuantizerTask), _RULES[task.rule], _ALPHAS[task.alpha], _LAUNCH_ASCENDING,
                               task.random_bits, task.seed, task.step, task.layer, task.sample, task.maximum is not None,
                               task.maximum or 0.0, source.ctypes.data, source.size)
        result = _QuantizerResult(struct_size=ctypes.sizeof(_QuantizerResult), codes=codes.ctypes.data,
                                  code_bytes=codes.size, text_bytes=len(text), text=ctypes.cast(text, ctypes.c_char_p))
        if not self._is_done(task.name, self._table.quantize(ctypes.byref(asked), ctypes.byref(result)), text):
            return None
        return unpack_codes(codes, task.source.shape), numpy.float32(result.scale)

    @staticmethod
    def _is_done(name, status, text):
        if status in (_DONE, _REFUSED):
            return status == _DONE
        raise RuntimeError(f"{name}: the kernel failed with status {status}: {text.value.decode(errors='replace')}")


def load_kernel(path):
    """The kernel of a shared library."""
    return Kernel(path)
