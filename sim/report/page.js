"use strict";
// Tables: a button that copies them as tab-separated text.
for (const button of document.querySelectorAll("button.copy")) {
  button.addEventListener("click", async () => {
    const rows = [...button.closest(".table").querySelectorAll("tr")];
    const text = rows.map((row) => [...row.cells].map((cell) => cell.textContent).join("\t")).join("\n") + "\n";
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // pages opened from a file may not have the clipboard
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "copied";
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  });
}

// Charts: absent when the program was built without Chart.js.
if (window.Chart) {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const colors = {light: ["#2458a6", "#d2691e", "#2e8b57", "#8b3fa0", "#a08a1c", "#777777",
                          "#c2255c", "#0b8793", "#6b4f2a", "#5c7cfa", "#7cb518", "#111827",
                          "#fc0cc0", "#fc0030", "#000ca8", "#e490c0", "#540018", "#30b4fc", "#0c0048", "#00300c"],
                  dark: ["#86b3f5", "#f0a35e", "#74d59a", "#d39be6", "#e0cf6c", "#aaaaaa",
                         "#ff8fb1", "#5fd3dd", "#d0503a", "#e060f0", "#c3ee6a", "#f5f5f5",
                         "#006cfc", "#008400", "#00fc78", "#fc0090", "#6c783c", "#fce400", "#fc7800", "#9c6054"]};
  const points = ["circle", "rect", "triangle", "rectRot", "star", "crossRot"];

  // Behind the last colour they begin again, with another mark, a dashed line, stripes across a bar.
  const turn_of = (i, palette) => Math.floor(i / palette.length);
  const fill_of = (color, turn) => {
    if (turn === 0) return color;
    const tile = document.createElement("canvas"), size = 4 + 3 * turn;
    tile.width = tile.height = size;
    const ctx = tile.getContext("2d");
    ctx.fillStyle = color;
    ctx.fillRect(0, 0, size, size / 2);
    return ctx.createPattern(tile, "repeat");
  };
  const data = JSON.parse(document.getElementById("chart-data").textContent);
  let drawn = [];

  const datasets_of = (chart, palette) => chart.series.map((series, i) => {
    const color = palette[i % palette.length], turn = turn_of(i, palette);
    const set = {label: series.name, backgroundColor: fill_of(color, turn), borderColor: color, borderWidth: 1.6,
                 borderDash: turn === 0 ? [] : [8, 2 + 2 * turn], pointStyle: points[turn % points.length]};
    if (chart.kind === "lines")
      return {...set, data: series.y.map((y, k) => ({x: series.x[k], y})), pointRadius: series.y.length > 20 ? 0 : 3};
    if (chart.kind === "bars" || chart.kind === "stacked") return {...set, data: series.y, borderWidth: 0};
    if (chart.kind === "ranges")
      return {...set, data: series.bounds, backgroundColor: fill_of(color + "88", turn), borderWidth: 1, borderSkipped: false,
              barPercentage: 0.8, minBarLength: 2};
    const shift = (i - (chart.series.length - 1) / 2) * 0.16;  // marks stand side by side
    return {...set, data: series.y.map((y, k) => ({x: k + shift, y})), pointRadius: 3.5};
  });

  // What Chart.js has no word for: the nominal value across a range, the deviation around a mark, a line at a value.
  const extras_of = (chart) => ({id: "extras", afterDatasetsDraw(drawing) {
    const {ctx, scales: {y}, chartArea} = drawing;
    ctx.save();
    chart.series.forEach((series, i) => {
      if (!drawing.isDatasetVisible(i)) return;
      drawing.getDatasetMeta(i).data.forEach((element, k) => {
        ctx.fillStyle = chart.kind === "ranges" ? Chart.defaults.color : drawing.data.datasets[i].borderColor;
        if (chart.kind === "ranges")
          ctx.fillRect(element.x - element.width / 2, y.getPixelForValue(series.y[k]) - 1, element.width, 2);
        if (chart.kind === "marks") {
          const [low, high] = series.bounds[k].map((value) => y.getPixelForValue(value));
          ctx.fillRect(element.x - 0.75, high, 1.5, low - high);
        }
      });
    });
    if (chart.reference !== null) {
      ctx.strokeStyle = Chart.defaults.color;
      ctx.setLineDash([5, 4]);
      ctx.beginPath();
      ctx.moveTo(chartArea.left, y.getPixelForValue(chart.reference));
      ctx.lineTo(chartArea.right, y.getPixelForValue(chart.reference));
      ctx.stroke();
    }
    ctx.restore();
  }});

  const number_text = (value) => value.toLocaleString("en", {maximumSignificantDigits: 5});
  const tooltip_of = (chart) => (item) => {
    const series = chart.series[item.datasetIndex];
    const k = item.dataIndex, text = `${series.name}: ${number_text(series.y[k])}`;
    if (chart.kind !== "ranges" && chart.kind !== "marks") return text;
    const [low, high] = series.bounds[k];
    return low === high ? text : `${text} (${number_text(low)} to ${number_text(high)})`;
  };

  const x_axis_of = (chart) => {
    const title = {display: chart.xLabel !== "", text: chart.xLabel};
    if (chart.kind === "lines") return {type: "linear", title, ticks: {precision: 0}};
    if (chart.kind === "marks")
      return {type: "linear", title, min: -0.5, max: chart.labels.length - 0.5, grid: {display: false},
              afterBuildTicks: (axis) => { axis.ticks = chart.labels.map((_, k) => ({value: k})); },
              ticks: {autoSkip: false, callback: (value) => chart.labels[value]}};
    return {type: "category", stacked: chart.kind === "stacked", title, ticks: {autoSkip: false}, grid: {display: false}};
  };

  const y_axis_of = (chart) => {
    const axis = {stacked: chart.kind === "stacked", title: {display: chart.yLabel !== "", text: chart.yLabel}};
    if (chart.kind !== "marks") return axis;
    const ends = chart.series.flatMap((series) => series.bounds.flat());
    return {...axis, suggestedMin: Math.min(...ends), suggestedMax: Math.max(...ends)};
  };

  // For a script behind this one: what it draws with, and when it has to draw.
  const drawers = [];
  const palette_now = () => dark.matches ? colors.dark : colors.light;
  window.quatrain = {
    look_of: (i) => ({color: palette_now()[i % colors.light.length],
                      mark: points[turn_of(i, colors.light) % points.length]}),
    number_text,
    on_draw: (drawer) => { drawers.push(drawer); drawer(); },
  };

  const draw = () => {
    drawn.forEach((chart) => chart.destroy());
    const style = getComputedStyle(document.documentElement);
    const palette = palette_now();
    Chart.defaults.color = style.getPropertyValue("--soft").trim();
    Chart.defaults.borderColor = style.getPropertyValue("--line").trim();
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    const canvas_of = (number) => document.getElementById("chart-" + number);
    drawn = data.map((chart, number) => new Chart(canvas_of(number), {
      type: {lines: "line", bars: "bar", stacked: "bar", ranges: "bar", marks: "scatter"}[chart.kind],
      data: {labels: chart.kind === "lines" ? undefined : chart.labels, datasets: datasets_of(chart, palette)},
      plugins: [extras_of(chart)],
      options: {
        animation: false, maintainAspectRatio: false, responsive: true,
        interaction: {mode: chart.kind === "marks" ? "nearest" : "index", intersect: false},
        plugins: {legend: {align: canvas_of(number).closest(".wide") ? "start" : "center", labels: {boxWidth: 14}},
                  tooltip: {callbacks: {label: tooltip_of(chart)}}},
        scales: {x: x_axis_of(chart), y: y_axis_of(chart)},
      },
    }));
    drawers.forEach((drawer) => drawer());
  };
  draw();
  dark.addEventListener("change", draw);
}
