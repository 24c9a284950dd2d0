#include "sim/accelerator/dataflow/names.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdlib>
#include <variant>

namespace quatrain::sim {
namespace {

template <typename Enum, std::size_t count>
std::string_view word(const std::array<std::string_view, count>& words, Enum value) {
  return words[static_cast<std::size_t>(value)];
}

std::string own_text(const rtl_models::Dataflow& dataflow) {
  return std::visit(
      rtl_models::Overloaded{
          [](const rtl_models::OutputStationary& kind) {
            return fmt::format("{} drain", word(drain_words, kind.drain));
          },
          [](const auto& kind) { return fmt::format("{} preload", word(preload_words, kind.preload)); }},
      dataflow);
}

}  // namespace

std::string_view name_of(const rtl_models::Dataflow& dataflow) { return dataflow_words[dataflow.index()]; }

std::string text_of(const rtl_models::Dataflow& dataflow, Convention convention) {
  std::string text(name_of(dataflow));
  text[text.find('_')] = ' ';
  switch (convention) {
    case Convention::quatrain:
      return fmt::format("{}, {}", text, own_text(dataflow));
    case Convention::scalesim:
      return fmt::format("{}, cycles as SCALE-Sim counts them", text);
  }
  std::abort();
}

}  // namespace quatrain::sim
