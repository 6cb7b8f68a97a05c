// One metric over time, compared with before, and drilled down by region and category to the complaints themselves.

import { ask } from "../api.js";
import { categoryAxis, chart, legendOf, valueAxis } from "../charts.js";
import { h } from "../dom.js";
import { filterBar } from "../filters.js";
import * as format from "../format.js";
import { FILTERS, changed, filtersOf, go, hrefTo } from "../route.js";
import { DIMENSIONS, PLURALS, can, metricOf, session, titleOf } from "../session.js";
import * as ui from "../ui.js";

const GRAINS = [
  ["hour", "Hours"],
  ["day", "Days"],
  ["week", "Weeks"],
  ["month", "Months"],
];
const COMPARISONS = [
  ["previous", "Previous period"],
  ["year", "Year before"],
];
const DRILL = ["region", "category", "subcategory", "channel", "product"];
const OFFERED = ["channel", "region", "category", "subcategory", "product", "source"];
const FIRST_ROWS = 15;
const CROSSED = "crossed"; // regions against categories
const MOST_REGIONS = 12;
const SHADES = 5;

export async function render(context) {
  const { params } = context;
  const metric = metricOf(params.get("metric")) || metricOf("complaints");
  const grain = oneOf(params.get("grain"), metric.grains, metric.grains.includes("day") ? "day" : metric.grains[0]);
  const dimensions = DRILL.filter((name) => metric.dimensions.includes(name));
  const canCross = metric.dimensions.includes("region") && metric.dimensions.includes("category");
  const by = oneOf(
    params.get("by"),
    canCross ? [...dimensions, CROSSED] : dimensions,
    dimensions.find((name) => !params.has(name)) || dimensions[0],
  );
  const compare = oneOf(params.get("compare"), ["previous", "year"], "previous");
  const { filters, left } = filtersFor(metric, params);
  const at = (changes) => hrefTo("trends", changed(params, { metric: metric.name, grain, by, compare, ...changes }));
  const request = (more) => ({ params: changed(filters, more), signal: context.signal });
  const [series, breakdown, lines] = await Promise.all([
    ask(`metrics/${metric.name}`, request({ grain, compare })),
    by === CROSSED
      ? ask(`metrics/${metric.name}`, request({ grain: "total", by: ["region", "category"] }))
      : by
        ? ask(`metrics/${metric.name}`, request({ grain: "total", by, compare }))
        : null,
    by && by !== CROSSED ? ask(`metrics/${metric.name}`, request({ grain, by })) : null,
  ]);
  context.live = true;
  const choices = dimensions.map((name) => [name, DIMENSIONS[name]]);
  const choice =
    by &&
    ui.segmented("Broken down by", canCross ? [...choices, [CROSSED, "Region × category"]] : choices, by, (name) =>
      go(at({ by: name })),
    );
  const select = h(
    "select",
    { id: "metric", "data-focus": "metric", on: { change: (event) => go(at({ metric: event.target.value })) } },
    session.metrics.map((each) => h("option", { value: each.name, selected: each.name === metric.name }, each.title)),
  );
  return h(
    "div",
    { class: "page" },
    ui.pageHead("Trends", metric.description),
    filterBar(
      "trends",
      params,
      series,
      OFFERED.filter((name) => metric.dimensions.includes(name)),
    ),
    h(
      "div",
      { class: "controls" },
      h("label", { for: "metric", class: "control" }, h("span", {}, "Metric"), select),
      h(
        "div",
        { class: "control" },
        h("span", { "aria-hidden": "true" }, "By"),
        ui.segmented(
          "Grain",
          GRAINS.filter(([name]) => metric.grains.includes(name)),
          grain,
          (value) => go(at({ grain: value })),
        ),
      ),
      h(
        "div",
        { class: "control" },
        h("span", { "aria-hidden": "true" }, "Compared with"),
        ui.segmented("Compared with", COMPARISONS, compare, (value) => go(at({ compare: value }))),
      ),
    ),
    leftOut(metric, left),
    series.mixed_versions &&
      ui.note("plain", "These days were categorised by different models: a change between categories may come from that."),
    seriesChart(metric, series, grain, compare, filters),
    by === CROSSED
      ? crossTable({ metric, breakdown, filters, aside: choice })
      : by && drillTable({ metric, by, dimensions, breakdown, lines, filters, at, aside: choice }),
    definition(metric, filters, series),
  );
}

/** The filters that apply to a metric, and the names of those that don't. */
export function filtersFor(metric, params) {
  const filters = filtersOf(params);
  const left = FILTERS.filter((name) => filters.has(name) && !metric.dimensions.includes(name));
  for (const name of left) filters.delete(name);
  return { filters, left };
}

export const leftOut = (metric, left) =>
  left.length > 0 &&
  ui.note(
    "plain",
    `“${metric.title}” can't be filtered by ${format.list(left.map((name) => DIMENSIONS[name].toLowerCase()))}; that filter is ignored here.`,
  );

const oneOf = (value, allowed, otherwise) => (allowed.includes(value) ? value : otherwise);

/** A metric over time as a chart. */
export function seriesChart(metric, answer, grain, compare, filters, height = "tall") {
  const { rows } = answer;
  const known = rows.filter((row) => !format.isMissing(row.value));
  const highest = known.reduce((best, row) => (best && best.value >= row.value ? best : row), null);
  const lowest = known.reduce((best, row) => (best && best.value <= row.value ? best : row), null);
  const summary = highest
    ? `Highest ${format.measure(highest.value, metric.unit)} (${format.period(highest.period, grain, true)}), lowest ${format.measure(lowest.value, metric.unit)} (${format.period(lowest.period, grain, true)}).`
    : "Nothing to show for this period and these filters.";
  const hasPrevious = rows.some((row) => !format.isMissing(row.previous));
  const isDrillable = can("complaints") && grain !== "hour";
  const complaintsOf = (row) =>
    hrefTo(
      "search",
      changed(filters, { from: later(row.period, answer.from), to: lastDay(row.period, grain, answer.to) }),
    );
  return chart({
    title: metric.title,
    summary,
    rows,
    height,
    choose: isDrillable ? (index) => rows[index] && go(complaintsOf(rows[index])) : null,
    legend: hasPrevious
      ? legendOf([
          ["accent", "this period"],
          ["previous", compare === "year" ? "a year before" : "previous period"],
        ])
      : null,
    columns: [
      {
        title: { day: "Day", week: "Week of", month: "Month", hour: "Hour" }[grain],
        of: (row) =>
          isDrillable
            ? h("a", { href: complaintsOf(row) }, format.period(row.period, grain, true))
            : format.period(row.period, grain, true),
      },
      { title: metric.title, numeric: true, of: (row) => format.measure(row.value, metric.unit) },
      { title: "Before", numeric: true, of: (row) => format.measure(row.previous, metric.unit) },
      { title: "Change", of: (row) => ui.delta(row.value, row.previous, metric) },
    ],
    option: (palette) => ({
      xAxis: categoryAxis(
        palette,
        rows.map((row) => format.period(row.period, grain)),
      ),
      yAxis: valueAxis(palette, (value) => format.axisMeasure(value, metric.unit)),
      tooltip: {
        formatter: ([point]) => {
          const row = rows[point.dataIndex];
          return [
            format.period(row.period, grain, true),
            format.measure(row.value, metric.unit),
            hasPrevious ? `before: ${format.measure(row.previous, metric.unit)}` : null,
          ]
            .filter(Boolean)
            .join("\n");
        },
      },
      series: [
        {
          type: "line",
          data: rows.map((row) => row.previous ?? null),
          symbol: "none",
          lineStyle: { color: palette.previous, width: 1.5, type: "dashed" },
          itemStyle: { color: palette.previous },
        },
        {
          type: "line",
          data: rows.map((row) => row.value),
          showSymbol: rows.length < 8,
          symbol: "circle",
          symbolSize: 6,
          lineStyle: { color: palette.accent, width: 2.5 },
          itemStyle: { color: palette.accent },
          areaStyle: { color: palette.accentSoft },
        },
      ],
    }),
  });
}

// Weeks and months are counted only as far as they lie in the period asked for.
const later = (one, other) => (one > other ? one : other);

function lastDay(period, grain, to) {
  if (grain === "day") return period;
  const end = grain === "week" ? format.shiftDay(period, 6) : endOfMonth(period);
  return end > to ? to : end;
}

function endOfMonth(first) {
  const [year, month] = first.split("-").map(Number);
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}

function drillTable({ metric, by, dimensions, breakdown, lines, filters, at, aside }) {
  const periods = [...new Set(lines.rows.map((row) => row.period))].sort();
  const byValue = new Map();
  for (const row of lines.rows) {
    if (!byValue.has(row[by])) byValue.set(row[by], new Map());
    byValue.get(row[by]).set(row.period, row.value);
  }
  const isCount = !format.isShare(metric.unit) && !format.isDuration(metric.unit);
  const total = breakdown.rows.reduce((sum, row) => sum + (row.value || 0), 0);
  const rows = [...breakdown.rows].sort((one, other) => (other.value ?? -1) - (one.value ?? -1));
  const next = dimensions
    .slice(dimensions.indexOf(by) + 1)
    .concat(dimensions)
    .find((name) => name !== by && !filters.has(name));
  const isCompared = rows.some((row) => !format.isMissing(row.previous));
  const value = (row) => row[by] ?? "(none)";
  const columns = [
    {
      title: DIMENSIONS[by],
      wide: true,
      of: (row) => h("a", { href: at({ [by]: value(row), by: next }) }, titleOf(by, row[by])),
    },
    { title: metric.title, numeric: true, of: (row) => format.measure(row.value, metric.unit) },
    isCount && { title: "Share", numeric: true, of: (row) => (total ? format.percent(row.value / total) : "–") },
    isCompared && { title: "Before", numeric: true, of: (row) => format.measure(row.previous, metric.unit) },
    isCompared && { title: "Change", of: (row) => ui.delta(row.value, row.previous, metric) },
    {
      title: "Over time",
      of: (row) => ui.sparkline(periods.map((period) => byValue.get(row[by])?.get(period) ?? (isCount ? 0 : null))),
    },
    can("complaints") && {
      title: "Complaints",
      of: (row) =>
        h(
          "a",
          { href: hrefTo("search", changed(filters, { [by]: value(row), from: breakdown.from, to: breakdown.to })) },
          "Read",
          h("span", { class: "sr-only" }, ` complaints: ${titleOf(by, row[by])}`),
        ),
    },
  ].filter(Boolean);
  const body = h("div", {});
  const fill = (most) =>
    body.replaceChildren(
      rows.length
        ? ui.table(`${metric.title} by ${DIMENSIONS[by].toLowerCase()}`, columns, rows.slice(0, most))
        : ui.empty("No complaints", "None in this period with these filters."),
      ...(rows.length > most
        ? [
            ui.button(`Show all ${format.count(rows.length)} ${PLURALS[by]}`, () => fill(rows.length), {
              kind: "quiet",
            }),
          ]
        : []),
    );
  fill(FIRST_ROWS);
  return ui.card(
    `By ${DIMENSIONS[by].toLowerCase()}`,
    {
      lead: next ? `Click a name for its ${PLURALS[next]}.` : null,
      aside,
    },
    body,
  );
}

/** Regions against categories, the largest first; the more, the darker. */
function crossTable({ metric, breakdown, filters, aside }) {
  const cells = new Map(breakdown.rows.map((row) => [keyOf(row.region, row.category), row.value]));
  const largestOf = (dimension) => {
    const sums = new Map();
    for (const row of breakdown.rows) sums.set(row[dimension], (sums.get(row[dimension]) || 0) + (row.value || 0));
    return [...sums].sort(([, one], [, other]) => other - one).map(([name]) => name);
  };
  const regions = largestOf("region");
  const categories = largestOf("category");
  const most = Math.max(...breakdown.rows.map((row) => row.value || 0), 0);
  const cell = (region, category) => {
    const value = cells.get(keyOf(region, category));
    if (format.isMissing(value)) return h("span", { class: "shade", "data-shade": 0 }, "–");
    const words = format.measure(value, metric.unit);
    const props = { class: "shade", "data-shade": most ? Math.ceil((SHADES * value) / most) : 0 };
    return can("complaints")
      ? h(
          "a",
          {
            ...props,
            href: hrefTo(
              "search",
              changed(filters, { region: region ?? "(none)", category, from: breakdown.from, to: breakdown.to }),
            ),
          },
          words,
        )
      : h("span", props, words);
  };
  return ui.card(
    "By region and category",
    {
      lead:
        regions.length > MOST_REGIONS
          ? `The ${MOST_REGIONS} largest of ${regions.length} regions. Click a number for its complaints.`
          : "Click a number for its complaints.",
      aside,
    },
    regions.length
      ? h(
          "div",
          { class: "cross" },
          ui.table(
            `${metric.title} by category and region`,
            [
              { title: "Category", of: (category) => titleOf("category", category) },
              ...regions
                .slice(0, MOST_REGIONS)
                .map((region) => ({
                  title: titleOf("region", region),
                  numeric: true,
                  of: (category) => cell(region, category),
                })),
            ],
            categories,
          ),
        )
      : ui.empty("No complaints", "None in this period with these filters."),
  );
}

const keyOf = (region, category) => JSON.stringify([region, category]);

/** What exactly a metric counts, and the rows that it is counted from. */
export function definition(metric, filters, { from, to }) {
  const download = (kind) => `api/v1/export/${metric.table}?${changed(filters, { from, to, format: kind })}`;
  return h(
    "details",
    { class: "definition" },
    h("summary", {}, `How “${metric.title}” is counted`),
    h("p", {}, metric.description),
    h("p", {}, `${metric.formula}, from `, h("code", {}, metric.table), `, which has one row for each ${metric.grain.replace(/^(an?|one) /, "")}.`),
    can("export") &&
      h(
        "p",
        {},
        "Download the rows of this period with these filters: ",
        h("a", { href: download("csv"), download: true }, "CSV"),
        ", ",
        h("a", { href: download("parquet"), download: true }, "Parquet"),
      ),
  );
}
