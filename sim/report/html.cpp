#include "sim/report/html.hpp"

#include "sim/embedded/resources.hpp"
#include "sim/records/result_file.hpp"
#include "sim/report/difference_map.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace quatrain::sim::report {
namespace {

using Json = nlohmann::ordered_json;

std::string_view resource(std::string_view path) {
  const auto text = embedded_resource(path);
  if (!text) throw std::logic_error(fmt::format("{} is not embedded", path));
  return *text;
}

std::string_view class_of(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "good";
    case Tone::bad:
      return "bad";
    case Tone::faint:
      return "faint";
    case Tone::plain:
      break;
  }
  return "";
}

std::string class_attribute(std::string_view words) {
  return words.empty() ? "" : fmt::format(" class=\"{}\"", words);
}

constexpr std::size_t longest_line = 44;  // of a cell; a longer text takes several

std::string render(const Table& table) {
  std::string text = "<div class=\"scroll\"><table>\n<thead><tr>";
  const auto aligned = [&](std::size_t column) {
    return table.columns[column].align == Align::left ? std::string_view("left") : std::string_view();
  };
  for (std::size_t column = 0; column < table.columns.size(); ++column)
    text += fmt::format("<th{}>{}</th>", class_attribute(aligned(column)),
                        escape_html(table.columns[column].title));
  text += "</tr></thead>\n<tbody>\n";
  for (const std::vector<Cell>& row : table.rows) {
    text += "<tr>";
    for (std::size_t column = 0; column < row.size(); ++column) {
      std::string words(aligned(column));
      if (row[column].text.size() > longest_line) words += words.empty() ? "long" : " long";
      if (const std::string_view tone = class_of(row[column].tone); !tone.empty())
        words += fmt::format("{}{}", words.empty() ? "" : " ", tone);
      text += fmt::format("<td{}>{}</td>", class_attribute(words), escape_html(row[column].text));
    }
    text += "</tr>\n";
  }
  text += "</tbody></table></div>\n";
  constexpr std::string_view copy = "<button type=\"button\" class=\"copy\">copy</button>";
  if (table.is_detail)
    return fmt::format("<details class=\"table\"><summary>{}</summary>{}\n{}</details>\n",
                       escape_html(table.title), copy, text);
  return fmt::format("<figure class=\"table\"><figcaption>{} {}</figcaption>\n{}</figure>\n",
                     escape_html(table.title), copy, text);
}

Json json_of(const Chart& chart) {
  constexpr std::array<const char*, 5> kinds = {"lines", "bars", "ranges", "marks", "stacked"};
  Json json = {{"kind", kinds[static_cast<std::size_t>(chart.kind)]},
               {"xLabel", chart.x_label},
               {"yLabel", chart.y_label},
               {"labels", chart.labels},
               {"reference", chart.reference ? Json(*chart.reference) : Json(nullptr)},
               {"series", Json::array()}};
  for (const Series& series : chart.series)
    json["series"].push_back(
        {{"name", series.name}, {"x", series.x}, {"y", series.y}, {"bounds", series.bounds}});
  return json;
}

/// Pixels that a chart with many labels needs so that each can be read; 0 when half a page is enough.
std::size_t width_of(const Chart& chart) {
  constexpr std::size_t half_page = 500, widest = 16'000;  // browsers refuse canvases of twice that
  const std::size_t bars = chart.kind == Chart::Kind::stacked ? 1 : chart.series.size();
  const std::size_t width = chart.labels.size() * (12 + 8 * bars);
  return width <= half_page ? 0 : std::min(width, widest);
}

/// JSON inside a script element: no "</script" or "<!--" of a name may change where it ends.
std::string script_json(std::string_view json) {
  std::string text;
  for (const char c : json) text += c == '<' ? "\\u003c" : std::string(1, c);
  return text;
}

std::string render(const Panel& panel) {
  return fmt::format(
      "<figure class=\"chart panel\"><figcaption>{1}</figcaption><div class=\"controls\" "
      "id=\"{0}-controls\"></div><div class=\"scroll\"><div class=\"canvas\"><canvas id=\"{0}\" role=\"img\" "
      "aria-label=\"{1}\"></canvas></div></div><div id=\"{0}-below\"></div></figure>\n",
      panel.id, escape_html(panel.title));
}

std::string render(const Section& section, const std::string& id, Json& charts) {
  std::string text = fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n", id, escape_html(section.title));
  for (const std::string& paragraph : section.text)
    text += fmt::format("<p>{}</p>\n", escape_html(paragraph));
  for (const Timeline& timeline : section.timelines) text += render_timeline(timeline);
  if (!section.charts.empty() || !section.panels.empty()) {
    text += "<div class=\"charts\">\n";
    for (const Panel& panel : section.panels) text += render(panel);
    for (const Chart& chart : section.charts) {
      const std::size_t width = width_of(chart);
      text += fmt::format(
          "<figure class=\"chart{}\"><figcaption>{}</figcaption><div class=\"scroll\"><div "
          "class=\"canvas\"{}>"
          "<canvas id=\"chart-{}\" role=\"img\" aria-label=\"{}\"></canvas></div></div></figure>\n",
          width == 0 ? "" : " wide", escape_html(chart.title),
          width == 0 ? "" : fmt::format(" style=\"min-width:{}px\"", width), charts.size(),
          escape_html(chart.title));
      charts.push_back(json_of(chart));
    }
    text += "</div>\n";
  }
  for (const Table& table : section.tables) text += render(table);
  for (const Map& map : section.maps) text += render_map(map);
  if (!section.commands.empty()) {
    text += "<pre class=\"commands\">";
    for (const std::string& command : section.commands) text += escape_html(command) + "\n";
    text += "</pre>\n";
  }
  if (!section.limits.empty()) {
    text += "<aside><h3>What this does not say</h3><ul>\n";
    for (const std::string& limit : section.limits) text += fmt::format("<li>{}</li>\n", escape_html(limit));
    text += "</ul></aside>\n";
  }
  return text + "</section>\n";
}

std::string render(const KeyFigure& figure) {
  return fmt::format(
      "<div class=\"card\"><div class=\"label\">{}</div><div class=\"value {}\">{}</div><div "
      "class=\"detail\">{}</div></div>\n",
      escape_html(figure.label), class_of(figure.tone), escape_html(figure.value),
      escape_html(figure.detail));
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string render_html(const Page& page, std::string_view chart_js) {
  Json charts = Json::array();
  std::string contents, sections;
  for (std::size_t i = 0; i < page.sections.size(); ++i) {
    const std::string id = fmt::format("section-{}", i + 1);
    contents += fmt::format("<a href=\"#{}\">{}</a>\n", id, escape_html(page.sections[i].title));
    sections += render(page.sections[i], id, charts);
  }
  std::string text = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n{}\n<meta name=\"viewport\" "
      "content=\"width=device-width, "
      "initial-scale=1\">\n<title>{}</title>\n<style>\n{}</style>\n</head>\n<body{}>\n"
      "<header><h1>{}</h1><p>{}</p></header>\n<main>\n<div class=\"cards\">\n",
      page_mark, escape_html(page.title), resource("sim/report/page.css"),
      chart_js.empty() ? " class=\"no-charts\"" : "", escape_html(page.title), escape_html(page.subtitle));
  for (const KeyFigure& figure : page.figures) text += render(figure);
  text += fmt::format("</div>\n<nav>\n{}</nav>\n", contents);
  if (chart_js.empty())
    text +=
        "<p class=\"notice\">This program was built without Chart.js: the charts are left out, the tables "
        "hold every "
        "figure.</p>\n";
  text += sections + "</main>\n";
  if (!chart_js.empty())
    text +=
        fmt::format("<script type=\"application/json\" id=\"chart-data\">{}</script>\n<script>{}</script>\n",
                    script_json(json_text(charts, -1)), chart_js);
  if (!page.data.empty())
    text += fmt::format("<script type=\"application/json\" id=\"page-data\">{}</script>\n",
                        script_json(page.data));
  text += fmt::format("<script>\n{}</script>\n", resource("sim/report/page.js"));
  if (!page.script.empty()) text += fmt::format("<script>\n{}</script>\n", resource(page.script));
  return text + "</body>\n</html>\n";
}

}  // namespace quatrain::sim::report
