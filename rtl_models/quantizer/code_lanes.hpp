#pragma once
/// The lanes: each turns an element into a code in two stages. The first multiplies it by inv. The second
/// rounds: to an integer, or to a level of FP4 with a draw or without (numerics.md sections 3 and 4). A group
/// of lanes makes one sample of a gradient at a time.

#include "rtl_models/quantizer/lane.hpp"
#include "rtl_models/quantizer/ports.hpp"

#include <systemc>

#include <vector>

namespace quatrain::rtl_models {

class CodeLanes final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_in<QuantizerSettings> settings{"settings"};
  sc_core::sc_in<ElementWord> elements{"elements"};
  sc_core::sc_in<Scaling> scaling{"scaling"};
  sc_core::sc_in<DrawWord> draws{"draws"};
  sc_core::sc_out<CodeWord> codes{"codes"};

  SC_HAS_PROCESS(CodeLanes);
  CodeLanes(const sc_core::sc_module_name& name, unsigned lanes, unsigned group)
      : sc_module(name), group_(group), products_(lanes) {
    word_.codes = Lanes<std::uint8_t>(lanes);
    SC_METHOD(on_edge);
    sensitive << clock.pos();
    dont_initialize();
  }

 private:
  void on_edge() {
    const ElementWord& word = elements.read();
    if (group_ >= settings.read().samples) return;
    if (!word.code && used_ == 0 && word_.used == 0) return;
    round_products();
    multiply(word);
    codes.write(word_);
  }

  void multiply(const ElementWord& word) {
    const std::uint32_t inverse = scaling.read().inverse;
    used_ = word.code ? word.used : 0;
    is_last_ = word.last;
    for (std::uint32_t lane = 0; lane < used_; ++lane)
      products_[lane] = product(word.elements.words[lane], inverse);
  }

  void round_products() {
    word_.used = used_;
    word_.last = used_ != 0 && is_last_;
    const QuantizerSettings& now = settings.read();
    switch (now.rule) {
      case traces::Rule::sawb_int4:
        return for_lanes([](std::uint32_t y, std::uint32_t) { return integer_code(y, true); });
      case traces::Rule::sawb_uint4:
        return for_lanes([](std::uint32_t y, std::uint32_t) { return integer_code(y, false); });
      case traces::Rule::luq_fp4:
        return for_lanes([bits = now.random_bits](std::uint32_t y, std::uint32_t draw) {
          const std::uint32_t threshold = luq_threshold(draw, bits);
          const unsigned level = luq_level(magnitude_of(y), threshold);
          return fp4_code(level, is_negative(y));
        });
      case traces::Rule::nearest_fp4:
        return for_lanes([](std::uint32_t y, std::uint32_t) {
          return fp4_code(nearest_level(magnitude_of(y)), is_negative(y));
        });
    }
  }

  template <typename Code>
  void for_lanes(const Code& code) {
    const std::uint32_t* const drawn = draws.read().words.data();
    for (std::uint32_t lane = 0; lane < used_; ++lane)
      word_.codes.words[lane] = code(products_[lane], drawn[lane]);
  }

  unsigned group_;
  std::vector<std::uint32_t> products_;  ///< the registers between the stages
  std::uint32_t used_ = 0;
  bool is_last_ = false;
  CodeWord word_;
};

}  // namespace quatrain::rtl_models
