// What the report and the live page share: the style's colours, and names for what Plot draws. Colours are names of
// the style's, so that a chart follows dark mode and print without being drawn again.
"use strict";
const css = (name) => `var(${name})`;
const palette = ["--c0", "--c1", "--c2", "--c3", "--c4", "--c5"].map(css);

// A chart is one thing with one name for who cannot see it: its legend and its groups have none of their own.
const named = (place, title, role) => {
  const main = [...place.querySelectorAll("svg")].pop();
  for (const svg of place.querySelectorAll("svg")) if (svg !== main) svg.setAttribute("aria-hidden", "true");
  for (const part of main.querySelectorAll("g[aria-label], g[aria-description]"))
    for (const name of ["aria-label", "aria-description"]) part.removeAttribute(name);
  main.setAttribute("role", role);
  main.setAttribute("aria-label", title);
};
