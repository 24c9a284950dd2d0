#include "tests/sim/verify/recount.hpp"

#include "tests/support/exact_oracle.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <bit>
#include <cstring>
#include <fstream>
#include <map>

namespace quatrain::tests {
namespace {

using Json = nlohmann::json;
using Bytes = std::vector<std::uint8_t>;

Bytes bytes_of_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

float float_of_bits(const std::string& hexadecimal) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(std::stoul(hexadecimal, nullptr, 16)));
}

/// The polynomial 0x1EDC6F41, bit by bit.
std::string crc32c(const Bytes& bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc % 2 == 1 ? 0x82F63B78U : 0U);
  }
  return fmt::format("{:08x}", ~crc);
}

template <typename Element>
Bytes bytes_of(const std::vector<Element>& elements) {
  Bytes bytes(elements.size() * sizeof(Element));
  std::memcpy(bytes.data(), elements.data(), bytes.size());
  return bytes;
}

std::int64_t elements_in(const Json& shape) {
  std::int64_t elements = 1;
  for (const Json& size : shape) elements *= size.get<std::int64_t>();
  return elements;
}

/// docs/numerics.md, section 1.
int value_of_code(const std::string& encoding, int code) {
  if (encoding == "int4") return code < 8 ? code : code - 16;
  if (encoding == "uint4") return code;
  const int exponent = code % 8, magnitude = exponent == 0 ? 0 : 1 << (exponent - 1);
  return code < 8 ? magnitude : -magnitude;
}

class Files {
 public:
  explicit Files(const std::filesystem::path& trace) : trace_(trace) {
    manifest = Json::parse(bytes_of_file(trace / "manifest.json"));
  }

  Bytes bytes(const std::string& tensor) {
    const std::string file = manifest["tensors"][tensor]["file"];
    if (files_.count(file) == 0) files_[file] = bytes_of_file(trace_ / file);
    const Bytes& all = files_[file];
    std::uint64_t header_size = 0;
    std::memcpy(&header_size, all.data(), 8);
    const auto body = all.begin() + 8 + static_cast<std::ptrdiff_t>(header_size);
    const Json header = Json::parse(all.begin() + 8, body);
    const auto& ends = header[tensor]["data_offsets"];
    return {body + ends[0].get<std::ptrdiff_t>(), body + ends[1].get<std::ptrdiff_t>()};
  }

  template <typename Element>
  std::vector<Element> elements(const std::string& tensor) {
    const Bytes raw = bytes(tensor);
    std::vector<Element> elements(raw.size() / sizeof(Element));
    std::memcpy(elements.data(), raw.data(), raw.size());
    return elements;
  }

  std::vector<int> values(const Json& quantizer) {
    const std::string tensor = quantizer["codes"];
    const Json& facts = manifest["tensors"][tensor];
    const Bytes packed = bytes(tensor);
    std::vector<int> values;
    for (std::int64_t i = 0; i < elements_in(facts["shape"]); ++i) {
      const int pair = packed[static_cast<std::size_t>(i / 2)];
      values.push_back(value_of_code(facts["encoding"], i % 2 == 0 ? pair % 16 : pair / 16));
    }
    return values;
  }

  const Json& quantizer(const std::string& id) const { return named("quantizers", id); }
  const Json& layer(const Json& record) const { return named("layers", record["layer"]); }

  Json manifest;

 private:
  const Json& named(const char* list, const Json& id) const {
    for (const Json& one : manifest[list])
      if (one["id"] == id) return one;
    throw std::runtime_error("no such record");
  }

  std::filesystem::path trace_;
  std::map<std::string, Bytes> files_;
};

/// Sizes of a layer's tensors around one GEMM.
struct Sizes {
  std::int64_t batch, in, h, w, out, ho, wo, kh, kw, sh, sw, ph, pw, groups;
};

Sizes sizes_of(Files& files, const Json& gemm) {
  const Json& layer = files.layer(gemm);
  const auto shape_of = [&](const std::string& side, std::size_t i) {
    const Json& id = gemm[side][i];
    return files.manifest["tensors"][files.quantizer(id)["codes"].get<std::string>()]["shape"];
  };
  const std::string phase = gemm["phase"];
  const Json result = gemm["result_shape"];
  const Json x = phase == "backward_data" ? result : shape_of("left", 0);
  const Json z = phase == "forward" ? result : shape_of(phase == "backward_data" ? "left" : "right", 0);
  const auto at = [](const Json& shape, std::size_t axis) {
    return axis < shape.size() ? shape[axis].get<std::int64_t>() : 1;
  };
  Sizes s{at(x, 0), at(x, 1), at(x, 2), at(x, 3), at(z, 1), at(z, 2), at(z, 3), 1, 1, 1, 1, 0, 0, 1};
  if (layer["kind"] == "linear") return s;
  s.kh = layer["kernel"][0], s.kw = layer["kernel"][1], s.sh = layer["stride"][0], s.sw = layer["stride"][1];
  s.ph = layer["padding"][0], s.pw = layer["padding"][1], s.groups = layer["groups"];
  return s;
}

struct Products {
  std::vector<std::int32_t> sums;
  std::uint64_t in_range = 0, non_zero = 0;
};

/// Every term joins one x, one w and one z; the phase says which of them is the result.
void add_products(const Sizes& s, const std::string& phase, const std::vector<int>& left,
                  const std::vector<int>& right, Products& products) {
  for (std::int64_t b = 0; b < s.batch; ++b)
    for (std::int64_t o = 0; o < s.out; ++o)
      for (std::int64_t c = 0; c < s.in / s.groups; ++c)
        for (std::int64_t y = 0; y < s.ho; ++y)
          for (std::int64_t x = 0; x < s.wo; ++x)
            for (std::int64_t i = 0; i < s.kh; ++i)
              for (std::int64_t j = 0; j < s.kw; ++j) {
                const std::int64_t h = y * s.sh + i - s.ph, w = x * s.sw + j - s.pw;
                if (h < 0 || h >= s.h || w < 0 || w >= s.w) continue;
                const std::int64_t channel = o / (s.out / s.groups) * (s.in / s.groups) + c;
                const auto at_x = static_cast<std::size_t>(((b * s.in + channel) * s.h + h) * s.w + w);
                const auto at_w =
                    static_cast<std::size_t>(((o * (s.in / s.groups) + c) * s.kh + i) * s.kw + j);
                const auto at_z = static_cast<std::size_t>(((b * s.out + o) * s.ho + y) * s.wo + x);
                const int a = left[phase == "backward_data" ? at_z : at_x];
                const int v = right[phase == "backward_weight" ? at_z : at_w];
                products.sums[phase == "forward" ? at_z : phase == "backward_data" ? at_x : at_w] += a * v;
                ++products.in_range;
                products.non_zero += a != 0 && v != 0;
              }
}

/// Group, row m and column n of a result's element: docs/numerics.md, section 6.
void place(const Sizes& s, const std::string& phase, std::int64_t element, RecountedDifference& difference) {
  const std::int64_t in = s.in / s.groups, out = s.out / s.groups;
  if (phase == "backward_weight") {  // dW [O, C/g, kh, kw]: m = (c, i, j), n = o
    const std::int64_t o = element / (in * s.kh * s.kw);
    difference.group = o / out, difference.row = element - o * in * s.kh * s.kw,
    difference.column = o - o / out * out;
    return;
  }
  // Z [B, O, Ho, Wo] or dX [B, C, H, W]: m = (b, y, x), n = the channel
  const bool forward = phase == "forward";
  const std::int64_t plane = forward ? s.ho * s.wo : s.h * s.w, channels = forward ? s.out : s.in;
  const std::int64_t b = element / plane / channels, channel = element / plane - b * channels;
  const std::int64_t in_group = forward ? out : in;
  difference.group = channel / in_group, difference.column = channel - channel / in_group * in_group;
  difference.row = b * plane + element % plane;
}

/// Recorded against exact elements; nothing differs: false.
template <typename Element>
bool compare(Files& files, const Json& gemm, const std::string& name, const std::vector<Element>& exact,
             RecountedDifference& difference) {
  const std::string checksum = gemm[name + "_crc32c"];
  if (gemm.contains(name) && !gemm[name].is_null()) {
    const auto recorded = files.elements<Element>(gemm[name]);
    std::uint64_t different = 0;
    for (std::size_t i = recorded.size(); i-- > 0;) {
      if (std::memcmp(&recorded[i], &exact[i], sizeof(Element)) == 0) continue;
      ++different;
      difference.element = static_cast<std::int64_t>(i);
      difference.expected = fmt::format("{}", recorded[i]), difference.got = fmt::format("{}", exact[i]);
    }
    if (difference.elements) *difference.elements += different;
    return different > 0;
  }
  const std::string found = crc32c(bytes_of(exact));
  if (found == checksum) return false;
  difference.expected = "CRC32C " + checksum, difference.got = "CRC32C " + found;
  difference.elements.reset();
  return true;
}

RecountedDifference difference_in(Files& files, const Json& record, const std::string& part) {
  RecountedDifference difference;
  difference.layer = files.layer(record)["name"], difference.pass = record["pass"], difference.part = part;
  difference.step = record["step"];
  difference.elements = 0;
  return difference;
}

}  // namespace

Recount::Recount(const std::filesystem::path& trace) {
  Files files(trace);
  model = files.manifest["run"]["model"];
  for (const Json& record : files.manifest["quantizers"]) {
    ++quantizers;
    steps.insert(record["step"].get<std::uint32_t>());
    const Json& facts = files.manifest["tensors"][record["codes"].get<std::string>()];
    const std::int64_t elements = elements_in(facts["shape"]);
    codes += static_cast<std::uint64_t>(elements);
    if (!record.contains("source") || record["source"].is_null()) continue;
    ++quantizers_with_source;
    codes_with_source += static_cast<std::uint64_t>(elements);
    const auto source = files.elements<float>(record["source"]);
    const std::string rule = record["rule"];
    traces::QuantizerTask task;
    task.rule = rule == "sawb_int4"    ? traces::Rule::sawb_int4
                : rule == "sawb_uint4" ? traces::Rule::sawb_uint4
                : rule == "luq_fp4"    ? traces::Rule::luq_fp4
                                       : traces::Rule::nearest_fp4;
    task.source = source;
    task.draws = {files.manifest["run"]["seed"], record["step"], record["layer"], record.value("sample", 0U)};
    task.random_bits = record.value("random_bits", 0U);
    if (record.value("alpha", "exact") == "pow2") task.alpha = traces::Alpha::pow2;
    if (record.value("maximum", "measured") == "hindsight") task.maximum = float_of_bits(record["max_used"]);
    const Bytes exact = exact::quantize(task).codes, recorded = files.bytes(record["codes"]);
    RecountedDifference difference = difference_in(files, record, record["role"]);
    difference.record = record["id"], difference.what = "code";
    if (record["role"] == "gradient") difference.sample = record["sample"].get<unsigned>();
    const auto code_at = [](const Bytes& packed, std::int64_t i) {
      const int pair = packed[static_cast<std::size_t>(i / 2)];
      return i % 2 == 0 ? pair % 16 : pair / 16;
    };
    for (std::int64_t i = elements; i-- > 0;) {
      const int expected = code_at(recorded, i), got = code_at(exact, i);
      if (expected == got) continue;
      ++*difference.elements;
      difference.element = i;
      const auto text = [&](int code) {
        return fmt::format("{:#x} (value {})", code, value_of_code(facts["encoding"], code));
      };
      difference.expected = text(expected), difference.got = text(got);
    }
    if (*difference.elements > 0) quantizer_differences.push_back(difference);
  }
  for (const Json& record : files.manifest["gemms"]) {
    ++gemms;
    steps.insert(record["step"].get<std::uint32_t>());
    const std::string phase = record["phase"];
    const Sizes s = sizes_of(files, record);
    Products products;
    products.sums.resize(static_cast<std::size_t>(elements_in(record["result_shape"])));
    accumulators += products.sums.size();
    const std::vector<int> left = files.values(files.quantizer(record["left"][0]));
    for (const Json& right : record["right"])
      add_products(s, phase, left, files.values(files.quantizer(right)), products);
    const std::uint64_t samples = record["right"].size();
    macs += samples * record["m"].get<std::uint64_t>() * record["n"].get<std::uint64_t>() *
            record["k"].get<std::uint64_t>() * record["groups"].get<std::uint64_t>();
    in_range_macs += products.in_range, non_zero_macs += products.non_zero;
    float scale = float_of_bits(files.quantizer(record["left"][0])["scale"]) *
                  float_of_bits(files.quantizer(record["right"][0])["scale"]);
    if (phase == "backward_weight") scale = scale / static_cast<float>(samples);
    std::vector<float> outputs;
    for (const std::int32_t sum : products.sums) outputs.push_back(static_cast<float>(sum) * scale);
    RecountedDifference difference = difference_in(files, record, phase), later = difference;
    const bool sums_differ = compare(files, record, "accumulators", products.sums, difference);
    const bool outputs_differ = compare(files, record, "output", outputs, sums_differ ? later : difference);
    if (!sums_differ && !outputs_differ) continue;
    difference.what = sums_differ ? "accumulator" : "output";
    if (sums_differ && later.elements && difference.elements)
      *difference.elements += *later.elements;
    else if (sums_differ)
      difference.elements.reset();
    difference.record = fmt::format("{}/{}/{}/{}", difference.step, difference.pass, difference.layer, phase);
    if (difference.element) place(s, phase, *difference.element, difference);
    gemm_differences.push_back(difference);
  }
}

}  // namespace quatrain::tests
