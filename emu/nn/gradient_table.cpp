#include "emu/nn/gradient_table.hpp"

#include "emu/nn/table_rows.hpp"
#include "traces/base/files.hpp"
#include "traces/run_names.hpp"

#include <iterator>

namespace quatrain::emu {
namespace {

namespace names = traces::run_names;

constexpr std::string_view no_rule = "none";

std::string header() {
  std::string text =
      "step,layer,rule,elements,nonzero,maximum,alpha,below_alpha_share,ln_mean,ln_sigma,top_code_share,"
      "snr_db,cosine,gain";
  for (const int value : GradientStatistics::values) text += fmt::format(",code_{}", value);
  return text;
}

template <typename Number>
void append(std::string& text, const std::optional<Number>& number) {
  text += ',';
  if (number) fmt::format_to(std::back_inserter(text), "{}", *number);
}

std::string text_of(const GradientRow& row) {
  const GradientStatistics& s = row.statistics;
  std::string text =
      fmt::format("{},{},{},{},{},{},{}", row.step, row.layer,
                  row.rule ? traces::name_of(*row.rule) : no_rule, s.elements, s.nonzero, s.maximum, s.alpha);
  for (const auto& figure :
       {s.below_alpha_share, s.ln_mean, s.ln_sigma, s.top_code_share, s.snr_db, s.cosine, s.gain})
    append(text, figure);
  for (std::size_t place = 0; place < GradientStatistics::values.size(); ++place)
    append(text, s.codes ? std::optional((*s.codes)[place]) : std::nullopt);
  return text;
}

std::optional<traces::Rule> rule_named(std::string_view word, const std::filesystem::path& file,
                                       std::size_t line) {
  if (word == no_rule) return std::nullopt;
  for (const traces::Rule rule : {traces::Rule::luq_fp4, traces::Rule::nearest_fp4})
    if (word == traces::name_of(rule)) return rule;
  throw base::Error("{}: line {}: '{}'; expected a rule of gradients: luq_fp4, nearest_fp4 or none",
                    file.string(), line, base::printable(word));
}

GradientRow read_row(std::string_view text, const std::filesystem::path& file, std::size_t line) {
  RowReader reader(text, file, line);
  GradientRow row;
  GradientStatistics& s = row.statistics;
  row.step = reader.number<std::int64_t>();
  row.layer = std::string(reader.word());
  row.rule = rule_named(reader.word(), file, line);
  s.elements = reader.number<std::uint64_t>();
  s.nonzero = reader.number<std::uint64_t>();
  s.maximum = reader.number<float>();
  s.alpha = reader.number<float>();
  for (auto* figure :
       {&s.below_alpha_share, &s.ln_mean, &s.ln_sigma, &s.top_code_share, &s.snr_db, &s.cosine, &s.gain})
    *figure = reader.number_or_nothing<float>();
  if (row.rule) s.codes.emplace();
  for (std::size_t place = 0; place < GradientStatistics::values.size(); ++place)
    if (row.rule)
      (*s.codes)[place] = reader.number<std::uint64_t>();
    else if (const std::string_view word = reader.word(); !word.empty())
      throw base::Error("{}: line {}: '{}'; expected nothing, since the gradient has no codes", file.string(),
                        line, base::printable(word));
  reader.expect_end();
  return row;
}

}  // namespace

std::vector<GradientRow> read_gradients(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / names::gradients;
  if (!std::filesystem::exists(file)) return {};
  std::vector<GradientRow> rows;
  for (const std::string& row : read_rows(file, header())) {
    rows.push_back(read_row(row, file, rows.size() + 2));
    if (rows.size() > 1 && rows.back().step < rows[rows.size() - 2].step)
      throw base::Error("{}: line {}: step {} stands behind step {}; expected steps in order", file.string(),
                        rows.size() + 1, rows.back().step, rows[rows.size() - 2].step);
  }
  return rows;
}

void write_gradients(const std::filesystem::path& directory, const std::vector<GradientRow>& rows) {
  std::string text = header() + "\n";
  for (const GradientRow& row : rows) text += text_of(row) + "\n";
  base::write_whole_file(directory / names::gradients, text);
}

void GradientWatcher::quantized(const QuantizerEvent& event) {
  if (event.role == traces::Role::gradient && event.sample == 0)
    add(event.layer, event.rule.rule, event.source, &event.result);
}

void GradientWatcher::left_in_fp32(const SourceEvent& event) {
  if (event.role == traces::Role::gradient) add(event.layer, std::nullopt, event.source, nullptr);
}

void GradientWatcher::add(std::uint32_t layer, std::optional<traces::Rule> rule,
                          std::span<const float> source, const QuantizedTensor* result) {
  // A step computes its gradients from the last layer to the first.
  rows_.insert(rows_.begin() + static_cast<std::ptrdiff_t>(first_of_step_),
               {.step = step_,
                .layer = config_.layers[layer].name,
                .rule = rule,
                .statistics = gradient_statistics(source, result, pool_)});
}

}  // namespace quatrain::emu
