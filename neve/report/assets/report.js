// Draws the report's charts with Observable Plot, and lets a reader filter the documents. Everything shown is on the
// page as text too: without this script the tables remain.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("charts").textContent);
  const order = (rows, key) => [...new Set(rows.map((row) => row[key]))];
  const shown = (value) => typeof value === "number"
    ? value.toLocaleString("en", {maximumSignificantDigits: 4}) : String(value);
  const base = (chart, width) => ({
    width,
    style: {background: "transparent", color: css("--soft"), fontSize: "12px", overflow: "visible"},
  });
  const tip = (row, keys) => keys.map((key) => `${key}: ${shown(row[key])}`).join("\n");
  const fill = css("--paper");

  const shapes = {
    intervals(chart, width) {
      const rows = chart.rows, narrow = width < 560;
      return Plot.plot({
        ...base(chart, width), marginLeft: narrow ? 110 : 150, marginRight: 20,
        marginBottom: 44, height: 60 + 30 * order(rows, "model").length * order(rows, "metric").length
          + 24 * order(rows, "metric").length,
        fy: {label: null, domain: order(rows, "metric"), axis: null, padding: 0.12},
        y: {label: null, domain: order(rows, "model")},
        x: {label: chart.options.x, grid: true, nice: true, labelOffset: 40},
        marks: [
          Plot.text(order(rows, "metric"), {fy: (d) => d, text: (d) => d, frameAnchor: "top-left", dy: -12,
            dx: narrow ? -100 : -140, fontWeight: 600, fill: css("--ink")}),
          Plot.link(rows, {fy: "metric", y: "model", x1: "low", x2: "high", strokeWidth: 2,
            stroke: (d) => css(d.control ? "--c5" : "--c0")}),
          Plot.dot(rows, {fy: "metric", y: "model", x: "value", r: 4.5,
            fill: (d) => css(d.control ? "--c5" : "--c0")}),
          Plot.tip(rows, Plot.pointer({fy: "metric", y: "model", x: "value", fill,
            title: (d) => `${d.model}\n${shown(d.value)} [${shown(d.low)}, ${shown(d.high)}]`})),
        ],
      });
    },
    lines(chart, width, range) {
      const inside = (d) => !range || (d.x >= range[0] && d.x <= range[1]);
      const rows = chart.rows.filter(inside), names = order(chart.rows, "series");
      return Plot.plot({
        ...base(chart, width), height: 260, marginLeft: 56, marginBottom: 38,
        x: {label: chart.options.x, tickFormat: "~s", ticks: Math.max(3, width / 110)},
        y: {label: chart.options.y, grid: true, nice: true},
        color: {domain: names, range: palette, legend: names.length > 1},
        marks: [
          Plot.line(rows, {x: "x", y: "y", z: "series", stroke: "series", strokeWidth: 1.6}),
          Plot.ruleX(rows, Plot.pointerX({x: "x", stroke: css("--line")})),
          Plot.tip(rows, Plot.pointerX({x: "x", y: "y", fill,
            title: (d) => `${d.series}\n${tip(d, ["x", "y"])}`})),
        ],
      });
    },
    bars(chart, width) {
      const rows = chart.rows, parts = rows.length && "part" in rows[0] ? order(rows, "part") : null;
      return Plot.plot({
        ...base(chart, width), marginBottom: 42, height: 62 + 24 * order(rows, "label").length, marginLeft: Math.min(190, width / 3),
        x: {label: chart.options.x, grid: true, tickFormat: "~s", ticks: Math.max(3, width / 130), labelOffset: 36},
        y: {label: null, domain: order(rows, "label")},
        color: parts ? {domain: parts, range: palette, legend: true} : undefined,
        marks: [
          Plot.barX(rows.filter((d) => d.value), {y: "label", x: "value", fill: parts ? "part" : css("--c0"),
            href: chart.options.links ? (d) => d.href : undefined,
            title: (d) => `${d.label}${d.part ? ", " + d.part : ""}: ${shown(d.value)}`}),
          parts ? null : Plot.tip(rows, Plot.pointer({y: "label", x: "value", fill,
            title: (d) => `${d.label}\n${shown(d.value)}`})),
        ],
      });
    },
    histogram(chart, width) {
      const parts = order(chart.rows, "part");
      return Plot.plot({
        ...base(chart, width), height: 240, marginLeft: 56, marginBottom: 38,
        x: {label: chart.options.x}, y: {label: chart.options.y, grid: true},
        color: {domain: parts, range: palette, legend: true},
        marks: [
          Plot.rectY(chart.rows, {x1: "low", x2: "high", y: "count", fill: "part", insetRight: 0.5,
            title: (d) => `${d.part}: ${d.count}`}),
          Plot.ruleY([0], {stroke: css("--soft")}),
        ],
      });
    },
  };

  const ranges = {};
  function draw(figure) {
    const chart = data[figure.dataset.chart], place = figure.querySelector(".plot");
    const width = Math.max(280, Math.floor(figure.clientWidth));
    place.replaceChildren(shapes[chart.shape](chart, width, ranges[chart.name]));
    named(place, chart.title, chart.options.links ? "group" : "img");
  }
  const figures = [...document.querySelectorAll("figure[data-chart]")];
  const drawAll = () => figures.forEach(draw);
  drawAll();
  let pending;
  addEventListener("resize", () => { clearTimeout(pending); pending = setTimeout(drawAll, 150); });

  // Zoom: drag across a line chart, or choose a phase; the first entry shows everything again.
  for (const figure of figures.filter((f) => data[f.dataset.chart].shape === "lines")) {
    const chart = data[figure.dataset.chart], select = figure.querySelector("select");
    if (!select) continue;
    const extent = (rows) => [Math.min(...rows.map((r) => r.x)), Math.max(...rows.map((r) => r.x))];
    select.addEventListener("change", () => {
      ranges[chart.name] = select.value && extent(chart.rows.filter((r) => r.series === select.value));
      draw(figure);
    });
    let start = null;
    const at = (event) => {
      const box = figure.querySelector(".plot svg:last-of-type").getBoundingClientRect();
      const [low, high] = ranges[chart.name] || extent(chart.rows), left = 56, right = 20;
      const share = (event.clientX - box.left - left) / (box.width - left - right);
      return low + Math.min(1, Math.max(0, share)) * (high - low);
    };
    const place = figure.querySelector(".plot");
    place.addEventListener("pointerdown", (event) => { start = at(event); });
    place.addEventListener("pointerup", (event) => {
      const end = at(event), [low, high] = ranges[chart.name] || extent(chart.rows);
      if (start !== null && Math.abs(end - start) > (high - low) / 50) {
        ranges[chart.name] = [Math.min(start, end), Math.max(start, end)];
        select.selectedIndex = select.options.length - 1;
        draw(figure);
      }
      start = null;
    });
  }

  // Documents: a filter by words over every group; groups that hold a match open.
  const field = document.getElementById("find");
  if (field) {
    const items = [...document.querySelectorAll("#documents details.document")];
    const count = document.getElementById("found");
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let found = 0;
      for (const item of items) {
        const text = item.textContent.toLowerCase(), hit = words.every((word) => text.includes(word));
        item.hidden = !hit;
        found += hit;
      }
      for (const group of document.querySelectorAll("#documents details.group")) {
        const some = [...group.querySelectorAll("details.document")].some((item) => !item.hidden);
        group.hidden = !some;
        group.open = words.length > 0 && some;
      }
      count.textContent = words.length ? `${found} of ${items.length} samples` : `${items.length} samples`;
    });
    field.dispatchEvent(new Event("input"));
  }

  // A link into a closed group opens it; so does the browser's own search.
  const open = () => {
    for (let node = document.querySelector(location.hash || "body"); node; node = node.parentElement)
      if (node.tagName === "DETAILS") node.open = true;
  };
  addEventListener("hashchange", open);
  open();
})();
