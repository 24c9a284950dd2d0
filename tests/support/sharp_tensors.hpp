#pragma once
/// Quantizer inputs that random data hardly reach: each kind makes a slip of docs/numerics.md section 9
/// visible (a `>` for `>=`, a draw of another element, x / scale for x * inv, ties, the ends of every range).
/// What must come out is computed by the exact oracle.

#include "tests/support/planted_fault.hpp"

#include <string>
#include <vector>

namespace quatrain::tests {

struct SharpQuantizer {
  std::string name;
  QuantizerCase c;
  traces::QuantizerResult expected;
};

/// The case's task with its view on this very copy of the source.
traces::QuantizerTask task_of(const QuantizerCase& c);

/// Every kind below in several settings; used as it is by the suites that run over all machines.
std::vector<SharpQuantizer> sharp_quantizers();

/// A task of LUQ: what the builders below take.
struct LuqSetting {
  traces::DrawKey draws;
  unsigned random_bits = 16;
  traces::Alpha alpha = traces::Alpha::exact;
  float maximum = 0.37F;  ///< the tensor's own largest magnitude; no power of two, so that a wrong inv shows
};

enum class Side : std::uint8_t { up_first, down_first };

/// Element i lies at the smallest |x| that its own draw takes up from level i % 7, or one ulp below it,
/// alternately; the last element is the maximum.
SharpQuantizer knife_edge(const LuqSetting& setting, std::size_t elements, Side side);

/// Shows bit `bit` of every draw: element i goes up where that bit of its draw is 0, given that the bits
/// above it are the right ones. Element 0 is the maximum, 64 alpha.
SharpQuantizer read_out(const LuqSetting& setting, unsigned bit, std::size_t elements);

/// Elements half-way between two codes, scale 1 (section 4): only ties to even give these codes.
SharpQuantizer sawb_ties(traces::Rule rule);

/// For every pair of neighbouring codes the smallest |x| whose f32(x * inv) reaches the half, and the largest
/// that does not.
SharpQuantizer sawb_knife_edge(traces::Rule rule, unsigned seed);

/// Tensors of a few hundred floats of any finite bits, or of heavy tails, under every rule and setting.
std::vector<SharpQuantizer> random_quantizers(unsigned seed, std::size_t count);

/// Every rule and setting at every size from 1 to 72: each remainder of a vector, a warp's word and a block
/// of draws.
std::vector<SharpQuantizer> quantizers_of_every_tail();

/// SAWB and LUQ on 66,001 elements, which many pieces, blocks and threads share; the largest stands near the
/// end.
std::vector<SharpQuantizer> large_quantizers();

/// What a machine must refuse, and the words that its message must hold.
struct RefusedQuantizer {
  std::string name;
  QuantizerCase c;
  std::vector<std::string> named;
};
std::vector<RefusedQuantizer> refused_quantizers();

}  // namespace quatrain::tests
