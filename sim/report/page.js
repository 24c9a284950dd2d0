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
  const colors = {light: ["#2458a6", "#d2691e", "#2e8b57", "#8b3fa0", "#a08a1c", "#777777"],
                  dark: ["#86b3f5", "#f0a35e", "#74d59a", "#d39be6", "#e0cf6c", "#aaaaaa"]};
  const data = JSON.parse(document.getElementById("chart-data").textContent);
  let drawn = [];

  const datasets_of = (chart, palette) => chart.series.flatMap((series, i) => {
    const color = palette[i % palette.length];
    if (chart.kind === "lines")
      return [{label: series.name, data: series.y.map((y, k) => ({x: series.x[k], y})), borderColor: color,
               backgroundColor: color, borderWidth: 1.6, pointRadius: series.y.length > 20 ? 0 : 3, tension: 0}];
    if (chart.kind === "bars") return [{label: series.name, data: series.y, backgroundColor: color}];
    return [{label: series.name, data: series.bounds, nominal: series.y, backgroundColor: color + "88",
             borderColor: color, borderWidth: 1, borderSkipped: false, barPercentage: 0.8, minBarLength: 2}];
  });

  // The nominal value of a range: a line across its bar.
  const nominal_marks = {id: "nominal_marks", afterDatasetsDraw(chart) {
    chart.data.datasets.forEach((set, i) => {
      if (!set.nominal || !chart.isDatasetVisible(i)) return;
      chart.getDatasetMeta(i).data.forEach((bar, k) => {
        const y = chart.scales.y.getPixelForValue(set.nominal[k]);
        chart.ctx.fillStyle = Chart.defaults.color;
        chart.ctx.fillRect(bar.x - bar.width / 2, y - 1, bar.width, 2);
      });
    });
  }};

  const draw = () => {
    drawn.forEach((chart) => chart.destroy());
    const style = getComputedStyle(document.documentElement);
    const palette = dark.matches ? colors.dark : colors.light;
    Chart.defaults.color = style.getPropertyValue("--soft").trim();
    Chart.defaults.borderColor = style.getPropertyValue("--line").trim();
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    drawn = data.map((chart, number) => new Chart(document.getElementById("chart-" + number), {
      type: chart.kind === "lines" ? "line" : "bar",
      data: {labels: chart.kind === "lines" ? undefined : chart.labels, datasets: datasets_of(chart, palette)},
      plugins: [nominal_marks],
      options: {
        animation: false, maintainAspectRatio: false, responsive: true,
        interaction: {mode: "index", intersect: false},
        plugins: {legend: {labels: {boxWidth: 14}}, tooltip: {callbacks: {label: (item) => {
          const set = item.dataset, format = (value) => Number(value.toPrecision(5)).toLocaleString("en");
          if (!set.nominal) return `${set.label}: ${format(item.parsed.y)}`;
          const [low, high] = data[number].series[item.datasetIndex].bounds[item.dataIndex];
          return `${set.label}: ${format(low)} to ${format(high)}, ${format(set.nominal[item.dataIndex])}`;
        }}}},
        scales: {
          x: {type: chart.kind === "lines" ? "linear" : "category", title: {display: chart.xLabel !== "", text: chart.xLabel},
              ticks: chart.kind === "lines" ? {precision: 0} : {autoSkip: false}, grid: {display: chart.kind === "lines"}},
          y: {type: chart.logarithmic ? "logarithmic" : "linear", title: {display: chart.yLabel !== "", text: chart.yLabel}},
        },
      },
    }));
  };
  draw();
  dark.addEventListener("change", draw);
}
