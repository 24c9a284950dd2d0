#pragma once
/// The transposer: a square of registers for codes of 4 bits, side x side of them. While it takes a tile, a
/// row in each cycle, the tile before leaves, a column in each cycle. The registers shift down for one tile
/// and to the left for the next, so that no register is needed twice (docs/hardware-model.md, "Transposer").

#include "rtl_models/quantizer/ports.hpp"

#include <systemc>

#include <vector>

namespace quatrain::rtl_models {

class Transposer final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_in<CodeWord> rows{"rows"};  ///< side codes, or nothing; a tile comes without a gap
  sc_core::sc_out<CodeWord> columns{"columns"};

  SC_HAS_PROCESS(Transposer);
  Transposer(const sc_core::sc_module_name& name, unsigned side)
      : sc_module(name), side_(side), codes_(std::size_t{side} * side), leaving_(word_of(side)) {
    SC_METHOD(on_edge);
    sensitive << clock.pos();
    dont_initialize();
  }

 private:
  static CodeWord word_of(unsigned side) {
    CodeWord word;
    word.codes = Lanes<std::uint8_t>(side);
    return word;
  }

  std::uint8_t& at(unsigned row, unsigned column) { return codes_[std::size_t{row} * side_ + column]; }

  void on_edge() {
    const CodeWord& entering = rows.read();
    if (entering.used == 0 && !leaves_) return show_nothing();
    leaving_.used = leaves_ ? side_ : 0;
    shift(entering);
    columns.write(leaving_);
    takes_ = entering.used != 0;
    if (++shifted_ < side_) return;
    shifted_ = 0;
    goes_down_ = !goes_down_;
    leaves_ = takes_;
  }

  void show_nothing() {
    leaving_.used = 0;
    columns.write(leaving_);
  }

  /// Down: in at the top, out at the bottom. Left: in at the right, out at the left, each row's place turned
  /// upside down, so that the first column lies at the exit first.
  void shift(const CodeWord& entering) {
    for (unsigned lane = 0; lane < side_; ++lane) {
      const auto code = static_cast<std::uint8_t>(entering.codes.words[lane] & 0xF);
      const unsigned row = side_ - 1 - lane;
      if (goes_down_) {
        leaving_.codes.words[lane] = at(side_ - 1, lane);
        for (unsigned place = side_ - 1; place > 0; --place) at(place, lane) = at(place - 1, lane);
        at(0, lane) = code;
      } else {
        leaving_.codes.words[lane] = at(row, 0);
        for (unsigned place = 0; place + 1 < side_; ++place) at(row, place) = at(row, place + 1);
        at(row, side_ - 1) = code;
      }
    }
  }

  unsigned side_;
  std::vector<std::uint8_t> codes_;  ///< [row][column], 4 bits each
  CodeWord leaving_;
  unsigned shifted_ = 0;  ///< edges of the tile that enters
  bool goes_down_ = true, takes_ = false, leaves_ = false;
};

}  // namespace quatrain::rtl_models
