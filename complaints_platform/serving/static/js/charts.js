// Charts: Apache ECharts in the page's colours, each with a one-sentence summary and a table
// of its numbers. The library is loaded when the first chart is drawn.

import { h } from "./dom.js";
import { table } from "./ui.js";

const LIBRARY = "static/vendor/echarts/echarts.common.min.js";
const drawn = new Set();
let loading = null;

function library() {
  loading ??= new Promise((resolve, reject) => {
    const script = h("script", { src: LIBRARY });
    script.addEventListener("load", () => resolve(window.echarts));
    script.addEventListener("error", () => {
      loading = null;
      reject(new Error("the chart library could not be loaded"));
    });
    document.head.append(script);
  });
  return loading;
}

/**
 * A chart with its title, its summary in words, and a switch to the table of its numbers.
 * @param {object} parts
 * @param {string} parts.title
 * @param {string} parts.summary what the chart shows, in a sentence
 * @param {(colours: object) => object} parts.option the ECharts option; called again when the colours change
 * @param {Array} parts.columns columns of the table, as for `table`
 * @param {Array} parts.rows rows of the table
 * @param {(index: number) => void} [parts.choose] called with the position of the point that was clicked
 */
export function chart({ title, summary, option, columns, rows, height = "normal", choose, lead, legend }) {
  const canvas = h("div", { class: `chart ${height}`, role: "img", "aria-label": `${title}. ${summary}` });
  const numbers = h("div", { class: `chart-table ${height}`, hidden: true }, table(title, columns, rows));
  const toggle = h("button", { type: "button", class: "button quiet", "aria-pressed": "false" }, "Show as table");
  toggle.addEventListener("click", () => {
    const asTable = numbers.hidden;
    numbers.hidden = !asTable;
    canvas.hidden = asTable;
    toggle.setAttribute("aria-pressed", String(asTable));
    toggle.textContent = asTable ? "Show as chart" : "Show as table";
  });
  const entry = { canvas, option, choose, instance: null, observer: null };
  drawn.add(entry);
  // Drawn once it has a size, which is when the page is in the document.
  entry.observer = new ResizeObserver(() => draw(entry));
  entry.observer.observe(canvas);
  return h(
    "figure",
    { class: "card figure" },
    h(
      "figcaption",
      { class: "card-head" },
      h("div", {}, h("h2", {}, title), h("p", { class: "muted" }, lead || summary)),
      h("div", { class: "card-aside" }, legend, toggle),
    ),
    canvas,
    numbers,
  );
}

/** What the marks of a chart mean. Entries: `[kind, words]`, kinds as in the style sheet. */
export const legendOf = (entries) =>
  h(
    "ul",
    { class: "legend" },
    entries.map(([kind, words]) => h("li", {}, h("span", { class: `swatch ${kind}`, "aria-hidden": "true" }), words)),
  );

async function draw(entry) {
  if (!entry.canvas.isConnected || !entry.canvas.clientWidth) return;
  if (entry.instance) {
    entry.instance.resize();
    return;
  }
  try {
    const echarts = await library();
    if (entry.instance || !entry.canvas.isConnected) return;
    entry.instance = echarts.init(entry.canvas, null, { renderer: "canvas" });
    entry.instance.setOption(withDefaults(entry.option(colours())));
    if (entry.choose) {
      entry.instance.getZr().on("click", (event) => {
        const point = entry.instance.convertFromPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]);
        if (point && entry.instance.containPixel("grid", [event.offsetX, event.offsetY]))
          entry.choose(Math.round(point[0]));
      });
    }
    entry.canvas.dataset.drawn = "true";
  } catch (error) {
    entry.canvas.textContent = `The chart could not be drawn: ${error.message}. Its numbers are in the table.`;
  }
}

/** Let go of charts whose page is gone. */
export function sweep() {
  for (const entry of drawn) {
    if (entry.canvas.isConnected) continue;
    entry.observer.disconnect();
    if (entry.instance) entry.instance.dispose();
    drawn.delete(entry);
  }
}

/** Draw all charts again: the colours have changed. */
export function recolour() {
  for (const entry of drawn) {
    if (entry.instance) entry.instance.setOption(withDefaults(entry.option(colours())), true);
  }
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    accent: of("accent"),
    accentSoft: of("accent-soft"),
    text: of("text"),
    muted: of("muted"),
    line: of("line"),
    surface: of("surface"),
    previous: of("previous"),
    bad: of("bad"),
    badSoft: of("bad-soft"),
    font: style.fontFamily,
  };
}

function withDefaults(option) {
  const found = colours();
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: found.muted },
    grid: { left: 8, right: 16, top: 16, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    ...option,
    // Drawn on the canvas: an HTML tooltip would need style attributes, and would parse what it shows.
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      confine: true,
      backgroundColor: found.surface,
      borderColor: found.line,
      borderWidth: 1,
      padding: [8, 12],
      textStyle: { color: found.text, fontSize: 13, lineHeight: 20 },
      axisPointer: { lineStyle: { color: found.muted, type: "solid", opacity: 0.5 } },
      ...option.tooltip,
    },
  };
}

/** A value axis of few, faint lines. */
export const valueAxis = (palette, label) => ({
  type: "value",
  splitNumber: 4,
  axisLine: { show: false },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: palette.line } },
  axisLabel: { color: palette.muted, formatter: label },
});

export const categoryAxis = (palette, labels, boundaryGap = false) => ({
  type: "category",
  data: labels,
  boundaryGap,
  axisTick: { show: false },
  axisLine: { lineStyle: { color: palette.line } },
  axisLabel: { color: palette.muted, hideOverlap: true, margin: 12 },
});
