// Shows a run as its server tells it. Source text is only ever set as text, never as markup.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const number = (value) => value.toLocaleString("en", {maximumSignificantDigits: 4});
  const time = (seconds) => seconds < 90 ? `${Math.round(seconds)} s` : seconds < 5400
    ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
  const make = (tag, text, name) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (name) made.className = name;
    return made;
  };
  const text = (shown) => {
    const made = make("pre", shown);
    made.tabIndex = 0;
    return made;
  };
  let curves = {};

  const stages = (said) => {
    document.title = `Neve: ${said.run}`;
    $("run").textContent = said.run;
    const now = said.now, done = said.rows.filter((row) => row.state === "done").length;
    const ended = said.rows.length > 0 && done === said.rows.length;
    $("now").textContent = now ? now.stage : ended ? "All stages are done" : said.waiting ? "Not begun" : "Nobody works on it";
    const facts = now ? [
      now.done === undefined ? null : `${number(now.done)}${now.total ? ` of ${number(now.total)}` : ""} ${now.unit}`,
      now.loss ? `loss ${now.loss.toFixed(3)}` : null,
      now.tokens_a_second ? `${number(now.tokens_a_second)} tokens/s` : now.rate ? `${number(now.rate)} ${now.unit}/s` : null,
      now.left ? `${time(now.left)} left` : null, `for ${time(now.seconds)}`,
    ] : [said.waiting];
    $("note").textContent = [...facts, said.rows.length ? `${done} of ${said.rows.length} stages done` : null].filter(Boolean).join(" · ");
    $("bar").hidden = !(now && now.total);
    if (now && now.total) $("bar").value = Math.min(1, now.done / now.total);
    $("stages").replaceChildren(...said.rows.map((row) => {
      const line = make("tr"), working = now && now.stage === row.stage;
      line.append(make("td", row.stage), make("td", working ? "at work" : row.state, row.state === "done" ? "better" : ""),
        make("td", row.seconds === undefined ? "" : number(row.seconds), "r"), make("td", row.counts || ""));
      return line;
    }));
    $("report").hidden = !said.report;
  };

  const draw = () => {
    const names = Object.keys(curves), any = names.length > 0;
    $("training-head").hidden = !any;
    for (const [id, key] of [["loss", "loss"], ["rate", "lr"]]) {
      const rows = names.flatMap((name) => curves[name].tokens.map((x, i) => ({name, x, y: curves[name][key][i]}))
        .filter((row) => row.y !== null));
      const figure = $(id), place = figure.querySelector(".plot");
      figure.hidden = !any;
      if (!any) continue;
      const title = figure.querySelector("figcaption").textContent;
      place.replaceChildren(Plot.plot({
        width: Math.max(280, place.clientWidth), height: 240, marginLeft: 56, marginBottom: 38,
        style: {background: "transparent", color: css("--soft"), fontSize: "12px", overflow: "visible"},
        x: {label: "tokens of the phase", tickFormat: "~s", ticks: Math.max(3, place.clientWidth / 110)},
        y: {label: null, grid: true, nice: true, tickFormat: "~g"},
        color: {domain: names, range: palette, legend: names.length > 1},
        marks: [Plot.line(rows, {x: "x", y: "y", z: "name", stroke: "name", strokeWidth: 1.6}),
          Plot.tip(rows, Plot.pointerX({x: "x", y: "y", fill: css("--paper"),
            title: (d) => `${d.name}\n${number(d.x)} tokens: ${number(d.y)}`}))],
      }));
      named(place, title, "img");
    }
  };

  const samples = (said) => {
    for (const [kind, rows] of Object.entries(said)) {
      $(`${kind}-head`).hidden = !rows.length;
      const open = new Set([...$(kind).querySelectorAll("details[open] summary")].map((one) => one.textContent));
      $(kind).replaceChildren(...rows.map((row) => {
        const entry = make("details"), head = make("summary", row.title);
        entry.open = open.has(row.title);
        entry.append(head, make("p", row.about, "soft"), text(row.text));
        return entry;
      }));
    }
  };

  const source = new EventSource("events");
  const on = (name, show) => source.addEventListener(name, (event) => show(JSON.parse(event.data)));
  on("stages", stages);
  on("curves", (said) => { curves = {...curves, ...said}; draw(); });
  on("samples", samples);
  source.onopen = () => { curves = {}; };
  on("end", () => {
    source.close();
    $("report").hidden = true;
    $("note").textContent += " · This page's server ended with the run; neve serve RUN shows it again, the report too.";
  });
  source.onerror = () => { $("note").textContent = "The server does not answer; trying again."; };
  addEventListener("resize", draw);
})();
