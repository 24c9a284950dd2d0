#include "sim/accelerator/price.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace quatrain::sim {
namespace {

/// Takes a text from the front of another, or a number.
class Front {
 public:
  explicit Front(std::string_view text) : text_(text) {}

  bool take(std::string_view expected) {
    if (!text_.starts_with(expected)) return false;
    text_.remove_prefix(expected.size());
    return true;
  }
  template <typename Number>
  bool number(Number& value) {
    const auto [end, failed] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (failed != std::errc()) return false;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return true;
  }
  bool is_empty() const { return text_.empty(); }

 private:
  std::string_view text_;
};

std::optional<Price> sram_named(std::string_view name) {
  SramWord word;
  Front front(name);
  if (!front.take("sram_") || !front.number(word.kib) || !front.take("kib_") ||
      !front.number(word.width_bits) || !front.take("bit_"))
    return std::nullopt;
  word.access = front.take("read") ? Access::read : Access::write;
  if (word.access == Access::write && !front.take("write")) return std::nullopt;
  return front.is_empty() && is_priced(word) ? std::optional<Price>(word) : std::nullopt;
}

std::string_view word_of(PePitch::What what) { return what == PePitch::What::wire ? "wire" : "clock_tree"; }

std::optional<Price> pitch_named(std::string_view name) {
  for (const PePitch::What what : {PePitch::What::wire, PePitch::What::clock_tree}) {
    PePitch pitch{what, 0};
    Front front(name);
    if (front.take(word_of(what)) && front.take("_over_pe_of_") && front.number(pitch.gates) &&
        front.take("_gates") && front.is_empty())
      return pitch;
  }
  return std::nullopt;
}

}  // namespace

std::string name_of(const Price& price) {
  if (const TechnologyRow* row = std::get_if<TechnologyRow>(&price)) return std::string(row->name);
  if (const PePitch* pitch = std::get_if<PePitch>(&price))
    return fmt::format("{}_over_pe_of_{}_gates", word_of(pitch->what), pitch->gates);
  const SramWord& word = std::get<SramWord>(price);
  return fmt::format("sram_{}kib_{}bit_{}", word.kib, word.width_bits,
                     word.access == Access::read ? "read" : "write");
}

std::optional<Price> price_named(std::string_view name) {
  const std::vector<TechnologyRow> rows = known_rows();
  if (const auto found = std::ranges::find(rows, name, &TechnologyRow::name); found != rows.end())
    return *found;
  if (const auto word = sram_named(name)) return word;
  return pitch_named(name);
}

Constant constant_of(const Price& price, const Technology& technology) {
  if (const TechnologyRow* row = std::get_if<TechnologyRow>(&price)) return technology.row(*row);
  if (const PePitch* pitch = std::get_if<PePitch>(&price)) return technology.over_pe(*pitch);
  return technology.sram(std::get<SramWord>(price));
}

}  // namespace quatrain::sim
