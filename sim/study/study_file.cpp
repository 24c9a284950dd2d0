#include "sim/study/study_file.hpp"

#include "sim/records/result_file.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <utility>

namespace quatrain::sim::study {
namespace {

using base::JsonNode;
using Json = nlohmann::ordered_json;

constexpr double most = std::numeric_limits<double>::max();
constexpr std::int64_t most_count = std::numeric_limits<std::int64_t>::max();

std::string_view word_of(traces::Rule rule) {
  return traces::info_of(rule).draws ? std::string_view("luq") : std::string_view("nearest");
}

Json number_or_null(const std::optional<double>& number) { return number ? Json(*number) : Json(nullptr); }

void add(Json& json, const std::string& key, const Estimate& estimate) {
  json[key] = estimate.mean;
  json[key + "_standard_error"] = number_or_null(estimate.standard_error);
}

Json json_of(const std::optional<Expectation>& expected) {
  if (!expected) return nullptr;
  return {{"gain", expected->gain},
          {"relative_error", expected->relative_error},
          {"error_floor", expected->error_floor},
          {"dead_share", expected->dead_share}};
}

Json json_of(const StudiedGradient& gradient) {
  Json json = {{"layer", gradient.layer},
               {"step", gradient.step},
               {"images", gradient.images},
               {"batch", gradient.batch},
               {"compared", name_of(gradient.compared)},
               {"maximum", traces::name_of(gradient.maximum)},
               {"effects", Json::array()}};
  for (const RoundingEffect& effect : gradient.effects) json["effects"].push_back(to_json_object(effect));
  return json;
}

Json to_json_object(const StudyRequest& asked) {
  Json json = {{"samples", asked.samples},
               {"trials", asked.trials},
               {"random_bits", asked.random_bits},
               {"alpha", Json::array()},
               {"most_macs", asked.most_macs}};
  for (const traces::Alpha alpha : asked.alphas) json["alpha"].push_back(traces::name_of(alpha));
  return json;
}

StudyRequest read_request(const JsonNode& node) {
  const auto numbers = [&](const char* key) {
    std::vector<unsigned> all;
    for (const JsonNode& item : node.at(key).items())
      all.push_back(static_cast<unsigned>(item.integer(1, INT32_MAX)));
    return all;
  };
  StudyRequest asked{.samples = numbers("samples"),
                     .trials = static_cast<unsigned>(node.at("trials").integer(1, INT32_MAX)),
                     .random_bits = numbers("random_bits"),
                     .alphas = {},
                     .most_macs = node.at("most_macs").integer(1, most_count)};
  for (const JsonNode& alpha : node.at("alpha").items())
    asked.alphas.push_back(alpha.one_of<traces::Alpha>());
  return asked;
}

Estimate read_estimate(const JsonNode& node, const std::string& key, double least) {
  Estimate estimate{.mean = node.at(key).number(least, most)};
  if (const JsonNode error = node.at(key + "_standard_error"); !error.is_null())
    estimate.standard_error = error.number(0, most);
  return estimate;
}

std::optional<Expectation> read_expectation(const JsonNode& node) {
  if (node.is_null()) return std::nullopt;
  return Expectation{.gain = node.at("gain").number(-most, most),
                     .relative_error = node.at("relative_error").number(0, most),
                     .error_floor = node.at("error_floor").number(0, most),
                     .dead_share = node.at("dead_share").number(0, 1)};
}

Setting read_setting(const JsonNode& node) {
  constexpr std::array<std::string_view, 2> words = {"luq", "nearest"};
  Setting setting{
      .rule = node.at("rule").one_of(words) == 0 ? traces::Rule::luq_fp4 : traces::Rule::nearest_fp4,
      .random_bits = 0,
      .alpha = node.at("alpha").one_of<traces::Alpha>()};
  const JsonNode bits = node.at("random_bits");
  const bool draws = traces::info_of(setting.rule).draws;
  if (bits.is_null() == draws)
    throw bits.error("expected {}", draws ? "the bits of a draw" : "null, since the rule draws nothing");
  if (draws) setting.random_bits = static_cast<unsigned>(bits.integer(4, 16));
  return setting;
}

RoundingEffect read_effect(const JsonNode& node) {
  return {.setting = read_setting(node),
          .samples = static_cast<unsigned>(node.at("samples").integer(1, INT32_MAX)),
          .trials = static_cast<unsigned>(node.at("trials").integer(1, INT32_MAX)),
          .gain = read_estimate(node, "gain", -most),
          .relative_error = read_estimate(node, "relative_error", 0),
          .dead_share = read_estimate(node, "dead_share", 0),
          .expected = read_expectation(node.at("expected"))};
}

StudiedGradient read_gradient(const JsonNode& node) {
  StudiedGradient gradient{.layer = node.at("layer").string(),
                           .step = static_cast<std::uint32_t>(node.at("step").integer(0, UINT32_MAX)),
                           .images = node.at("images").integer(1, most_count),
                           .batch = node.at("batch").integer(1, most_count),
                           .compared = node.at("compared").one_of<Compared>(),
                           .maximum = node.at("maximum").one_of<traces::Maximum>(),
                           .effects = {}};
  for (const JsonNode& effect : node.at("effects").items()) gradient.effects.push_back(read_effect(effect));
  return gradient;
}

CodeHistogram read_histogram(const std::string& layer, const JsonNode& node) {
  constexpr std::size_t places = CodeHistogram::values.size();
  CodeHistogram histogram{.layer = layer};
  const auto counts = node.items(places, places);
  for (std::size_t place = 0; place < places; ++place)
    histogram.counts[place] = static_cast<std::uint64_t>(counts[place].integer(0, most_count));
  return histogram;
}

}  // namespace

Json to_json_object(const RoundingEffect& effect) {
  Json json = {{"rule", word_of(effect.setting.rule)},
               {"random_bits", traces::info_of(effect.setting.rule).draws ? Json(effect.setting.random_bits)
                                                                          : Json(nullptr)},
               {"alpha", traces::name_of(effect.setting.alpha)},
               {"samples", effect.samples},
               {"trials", effect.trials}};
  add(json, "gain", effect.gain);
  add(json, "relative_error", effect.relative_error);
  add(json, "dead_share", effect.dead_share);
  json["expected"] = json_of(effect.expected);
  return json;
}

std::string study_json(const GradientStudy& study) {
  Json json = {
      {"format", study_format},
      {"version", 1},
      {"trace", {{"manifest_sha256", study.manifest_sha256}, {"model", study.model}, {"steps", study.steps}}},
      {"asked", to_json_object(study.asked)},
      {"rule", study.rule},
      {"code_values", CodeHistogram::values},
      {"codes", Json::object()},
      {"gradients", Json::array()},
      {"unreadable", Json::array()}};
  for (const CodeHistogram& histogram : study.histograms) json["codes"][histogram.layer] = histogram.counts;
  for (const StudiedGradient& gradient : study.gradients) json["gradients"].push_back(json_of(gradient));
  for (const UnreadableRecord& record : study.unreadable)
    json["unreadable"].push_back({{"layer", record.layer}, {"step", record.step}, {"why", record.why}});
  return json_text(json, 2);
}

GradientStudy read_study(const std::filesystem::path& file, const std::string& manifest_sha256) {
  const JsonNode root = open_result_file(file, study_format);
  const JsonNode trace = root.at("trace");
  require_same_trace(trace, manifest_sha256);
  GradientStudy study{.manifest_sha256 = trace.at("manifest_sha256").string(),
                      .model = trace.at("model").string(),
                      .asked = read_request(root.at("asked")),
                      .rule = root.at("rule").string(),
                      .steps = {},
                      .histograms = {},
                      .gradients = {},
                      .unreadable = {}};
  for (const JsonNode& step : trace.at("steps").items())
    study.steps.insert(static_cast<std::uint32_t>(step.integer(0, UINT32_MAX)));
  for (const auto& [layer, node] : root.at("codes").members())
    study.histograms.push_back(read_histogram(layer, node));
  for (const JsonNode& gradient : root.at("gradients").items())
    study.gradients.push_back(read_gradient(gradient));
  for (const JsonNode& record : root.at("unreadable").items())
    study.unreadable.push_back({record.at("layer").string(),
                                static_cast<std::uint32_t>(record.at("step").integer(0, UINT32_MAX)),
                                record.at("why").string()});
  return study;
}

}  // namespace quatrain::sim::study
