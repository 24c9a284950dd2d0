"use strict";
// A study's page: its designs by two objectives, and the layers of the one that is chosen.
(() => {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const element = (name, properties = {}, children = []) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const number_text = (value) => value.toLocaleString("en", {maximumSignificantDigits: 5});
  const state = {x: "time", y: "energy", key: data.differing[0] ?? -1, design: 0, workload: 0, shows_config: true};
  const base = -1;  // in the place of a design's index
  const design_at = (index) => index === base ? data.base : data.designs[index];
  if (data.objective === "area") state.x = "area";
  const redraws = [];
  const changed = () => redraws.forEach((redraw) => redraw());

  const select_of = (label, options, name) => {
    const select = element("select", {id: "choose-" + name});
    for (const [value, text] of options) select.append(element("option", {value, textContent: text}));
    select.value = state[name];
    select.addEventListener("change", () => {
      state[name] = typeof state[name] === "number" ? Number(select.value) : select.value;
      changed();
    });
    return element("label", {textContent: label + " "}, [select]);
  };
  const title_of = (word) => data.axes.find((axis) => axis.word === word).title;
  const axis_options = data.axes.map((axis) => [axis.word, axis.title]);
  const value_of = (design) => state.key < 0 ? "" : design.values[state.key];

  // Complete: the page has one config, and of each design what is different in it.
  const config_of = (design) => {
    const config = structuredClone(data.config);
    for (const [path, ...value] of design.config) {
      const key = path.at(-1), place = path.slice(0, -1).reduce((object, step) => object[step], config);
      if (value.length > 0) place[key] = value[0];
      else delete place[key];
    }
    return config;
  };

  // The chosen design in words: its keys, its sums, the commands that simulate it alone, its config.
  const describe = (design) => {
    const rows = [...data.keys.map((key, i) => [key, design.values[i]]),
                  ...data.axes.map((axis) => [axis.title, number_text(design[axis.word])]),
                  ["energy, uJ, low to high", `${number_text(design.low)} to ${number_text(design.high)}`],
                  ["watts", number_text(design.watts)], ["buffer KiB", number_text(design.buffer_kib)],
                  ["energy and area at", design.technology],
                  ["constraints", design.keeps ? "kept" : "not kept"]];
    const cells = ([key, value]) => element("tr", {}, [element("td", {className: "left", textContent: key}),
                                                       element("td", {textContent: value})]);
    const parts = [element("h3", {id: "chosen-name", textContent: design.name}),
                   element("table", {id: "chosen-keys"}, [element("tbody", {}, rows.map(cells))])];
    const commands = data.workloads.filter((workload) => workload.command !== "")
                         .map((workload) => workload.command + design.set);
    if (commands.length > 0)
      parts.push(element("pre", {className: "commands", id: "chosen-commands", textContent: commands.join("\n")}));
    const config = element("pre", {className: "commands", id: "chosen-config",
                                   textContent: JSON.stringify(config_of(design), null, 2)});
    const fold = element("details", {open: state.shows_config}, [element("summary", {textContent: "The whole config"}), config]);
    fold.addEventListener("toggle", () => { state.shows_config = fold.open; });
    parts.push(fold);
    return parts;
  };

  const rows_of_tables = [...document.querySelectorAll("#section-1 table")]
      .filter((table) => table.id === "")
      .map((table) => [...table.querySelectorAll("tbody tr")]);
  const first_index = data.base === null ? 0 : base;  // of the first row
  const choose = (index) => {
    if (index === undefined || index >= data.designs.length) return;
    state.design = index;
    changed();
  };
  for (const rows of rows_of_tables)
    rows.forEach((row, index) => { row.style.cursor = "pointer"; row.addEventListener("click", () => choose(index + first_index)); });
  redraws.push(() => {
    if (data.designs.length === 0) return;
    document.getElementById("pareto-below").replaceChildren(...describe(design_at(state.design)));
    for (const rows of rows_of_tables)
      rows.forEach((row, index) => row.classList.toggle("chosen", index + first_index === state.design));
  });

  if (window.Chart && data.designs.length > 0) {
    const charts = {};
    const draw = (id, config) => {
      charts[id]?.destroy();
      charts[id] = new Chart(document.getElementById(id), config);
    };
    const look_of = (i) => window.quatrain.look_of(i);
    const log_axis = (text) => ({type: "logarithmic", title: {display: true, text}, ticks: {maxTicksLimit: 9}});
    const axis_over = (word) => {  // logarithmic where designs lie far apart
      const values = data.designs.map((design) => design[word]);
      const is_wide = Math.max(...values) > 8 * Math.min(...values);
      return is_wide ? log_axis(title_of(word)) : {type: "linear", title: {display: true, text: title_of(word)}, grace: "5%"};
    };

    document.getElementById("pareto-controls").append(
        select_of("across", axis_options, "x"), select_of("up", axis_options, "y"),
        ...(data.keys.length > 0 ? [select_of("colour by", [[-1, "nothing"], ...data.keys.map((key, i) => [i, key])], "key")] : []));

    const draw_pareto = () => {
      const at = (design) => ({x: design[state.x], y: design[state.y]});
      const groups = new Map();
      data.designs.forEach((design, index) => {
        const value = value_of(design);
        if (!groups.has(value)) groups.set(value, []);
        groups.get(value).push(index);
      });
      // Numbers by size, words as they come.
      const values = [...groups.keys()].sort((a, b) => (Number(a) - Number(b)) || 0);
      const sets = values.map((value, i) => {
        const {color, mark} = look_of(i), indices = groups.get(value);
        return {label: state.key < 0 ? "designs" : `${data.keys[state.key]} ${value}`, indices,
                data: indices.map((index) => at(data.designs[index])), pointStyle: mark, borderColor: color,
                backgroundColor: color,
                pointBackgroundColor: indices.map((index) => data.designs[index].keeps ? color : "transparent"),
                pointRadius: indices.map((index) => index === state.design ? 9 : 4.5), pointHoverRadius: 8};
      });
      const front = data.fronts[`${state.x},${state.y}`] ?? [];
      const ink = Chart.defaults.color;
      sets.push({label: "front", type: "line", data: front.map((index) => at(data.designs[index])), indices: front,
                 borderColor: ink, borderWidth: 1.4, borderDash: [5, 4], pointRadius: 8, pointBackgroundColor: "transparent",
                 pointBorderColor: ink, pointStyle: "circle", stepped: false});
      if (data.base !== null)
        sets.push({label: "base " + data.base.name, indices: [base], data: [at(data.base)], pointStyle: "star",
                   pointRadius: state.design === base ? 14 : 10,
                   borderWidth: 2.5, borderColor: ink, backgroundColor: ink});
      draw("pareto", {
        type: "scatter", data: {datasets: sets},
        options: {
          animation: false, maintainAspectRatio: false, responsive: true,
          onClick: (event, elements) => {
            const [hit] = elements;
            // Later: choosing draws this chart anew, which must not happen while it answers.
            if (hit) setTimeout(() => choose(sets[hit.datasetIndex].indices[hit.index]));
          },
          interaction: {mode: "nearest", intersect: true},
          plugins: {legend: {labels: {boxWidth: 14, usePointStyle: true}},
                    tooltip: {callbacks: {label: (item) => {
                      const index = item.dataset.indices[item.dataIndex];
                      const design = design_at(index);
                      return [design.name, ...[state.x, state.y].map((word) => `${title_of(word)}: ${number_text(design[word])}`)];
                    }}}},
          scales: {x: axis_over(state.x), y: axis_over(state.y)},
        },
      });
    };
    redraws.push(draw_pareto);

    if (document.getElementById("roofline") !== null) {
      const workload_options = data.workloads.map((workload, i) => [i, workload.name]);
      document.getElementById("roofline-controls").append(select_of("workload", workload_options, "workload"));
      const layers_now = () => {
        const design = design_at(state.design), figures = design.layers?.[state.workload];
        if (!figures) return [];
        return data.workloads[state.workload].layers.map((layer, i) => ({
          ...layer, name: `${layer.layer}, ${layer.phase}, ${layer.size}`, moved: figures.moved[i],
          compulsory: figures.compulsory[i], quantizer: figures.quantizer[i], milliseconds: figures.milliseconds[i],
          intensity: layer.macs / (figures.moved[i] + figures.quantizer[i]),
          rate: layer.macs / (figures.milliseconds[i] * 1e-3)})).filter((layer) => layer.moved !== undefined);
      };
      const note = (id, layers) => {
        document.getElementById(id + "-below").replaceChildren(
            ...(layers.length > 0 ? [] : [element("p", {textContent: "The layers of this design are in layers.csv alone."})]));
      };

      redraws.push(() => {
        const design = design_at(state.design), layers = layers_now();
        note("roofline", layers);
        const phases = [...new Set(layers.map((layer) => layer.phase))];
        const knee = design.peak / design.bytes_per_s;
        const across = [...layers.map((layer) => layer.intensity), knee];
        const left = Math.min(...across) / 2, right = Math.max(...across) * 2;
        const sets = phases.map((phase, i) => {
          const {color, mark} = look_of(i), mine = layers.filter((layer) => layer.phase === phase);
          return {label: phase, layers: mine, data: mine.map((layer) => ({x: layer.intensity, y: layer.rate})),
                  pointStyle: mark, borderColor: color, backgroundColor: color, pointRadius: 5};
        });
        sets.push({label: "roof", type: "line", layers: [], pointRadius: 0, borderColor: Chart.defaults.color, borderWidth: 1.6,
                   data: [{x: left, y: left * design.bytes_per_s}, {x: knee, y: design.peak}, {x: right, y: design.peak}]});
        draw("roofline", {
          type: "scatter", data: {datasets: sets},
          options: {
            animation: false, maintainAspectRatio: false, responsive: true, interaction: {mode: "nearest", intersect: true},
            plugins: {legend: {labels: {boxWidth: 14, usePointStyle: true}}, title: {display: true, text: design.name},
                      tooltip: {filter: (item) => item.dataset.layers.length > 0, callbacks: {label: (item) => {
                        const layer = item.dataset.layers[item.dataIndex];
                        return [layer.name, `${number_text(layer.intensity)} MACs per byte, ${number_text(layer.rate)} MACs per second`];
                      }}}},
            scales: {x: log_axis("MACs per byte"), y: log_axis("MACs per second")},
          },
        });
      });

      redraws.push(() => {
        const design = design_at(state.design), layers = layers_now();
        note("bytes", layers);
        const canvas = document.getElementById("bytes");
        canvas.parentElement.style.minWidth = layers.length > 20 ? Math.min(16000, 30 * layers.length) + "px" : "";
        const parts = [["compulsory", (layer) => layer.compulsory], ["moved by the products", (layer) => layer.moved],
                       ["moved by the quantizers", (layer) => layer.quantizer]];
        draw("bytes", {
          type: "bar",
          data: {labels: layers.map((layer) => `${layer.layer} ${layer.phase}`),
                 datasets: parts.map(([label, of], i) => ({label, data: layers.map(of), backgroundColor: look_of(i).color}))},
          options: {
            animation: false, maintainAspectRatio: false, responsive: true, interaction: {mode: "index", intersect: false},
            plugins: {legend: {labels: {boxWidth: 14}}, title: {display: true, text: design.name}},
            scales: {x: {ticks: {autoSkip: false}, grid: {display: false}},
                     y: {title: {display: true, text: "bytes"}}},
          },
        });
      });
    }
    window.quatrain.on_draw(changed);
    window.study = {data, state, charts, choose};
  } else {
    changed();
  }
})();
