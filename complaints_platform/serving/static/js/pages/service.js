// How soon customers hear from us, how soon complaints are resolved, and the backlog.

import { ask } from "../api.js";
import { h } from "../dom.js";
import { filterBar } from "../filters.js";
import * as format from "../format.js";
import { changed, go, hrefTo } from "../route.js";
import { DIMENSIONS, metricOf, session, titleOf } from "../session.js";
import * as ui from "../ui.js";
import { definition, filtersFor, leftOut, seriesChart } from "./trends.js";

const MARTS = ["mart.service_times", "mart.contacts"];
const FIRST = [
  "first_response_median",
  "first_response_timely_rate",
  "resolution_median",
  "resolution_timely_rate",
  "backlog",
  "backlog_median_age",
  "repeat_rate_7_days",
  "cases",
];
const BREAKDOWNS = ["channel", "region", "category", "product"];

export async function render(context) {
  const { params, signal } = context;
  const metrics = session.metrics.filter((metric) => MARTS.includes(metric.table));
  context.live = true;
  if (!metrics.length) {
    return h(
      "div",
      { class: "page" },
      ui.pageHead("Response & resolution"),
      ui.empty("Not measured", "No metric of response or resolution is defined in this installation."),
    );
  }
  const first = FIRST.map(metricOf).filter(Boolean);
  const chosen = metrics.find((metric) => metric.name === params.get("metric")) || first[0] || metrics[0];
  const dimensions = BREAKDOWNS.filter((name) => chosen.dimensions.includes(name));
  const by = dimensions.includes(params.get("by")) ? params.get("by") : dimensions[0];
  const grain = chosen.grains.includes("day") ? "day" : chosen.grains[0];
  const { filters, left } = filtersFor(chosen, params);
  const of = (metric, more) =>
    ask(`metrics/${metric.name}`, {
      params: changed(filtersFor(metric, params).filters, { compare: "previous", ...more }),
      signal,
    });
  const [totals, series, breakdown] = await Promise.all([
    Promise.all(first.map((metric) => of(metric, { grain: "total" }))),
    of(chosen, { grain }),
    by ? of(chosen, { grain: "total", by }) : null,
  ]);
  const at = (changes) => hrefTo("service", changed(params, changes));
  return h(
    "div",
    { class: "page" },
    ui.pageHead(
      "Response & resolution",
      "How soon customers hear from us, how soon complaints are resolved, and the backlog.",
    ),
    filterBar(
      "service",
      params,
      series,
      BREAKDOWNS.filter((name) => metrics.some((metric) => metric.dimensions.includes(name))),
    ),
    leftOut(chosen, left),
    h(
      "ul",
      { class: "tiles" },
      first.map((metric, number) => {
        const row = totals[number].rows[0] || {};
        return h(
          "li",
          { class: `tile ${metric === chosen ? "chosen" : ""}` },
          h(
            "a",
            {
              href: at({ metric: metric.name }),
              "aria-current": metric === chosen ? "true" : null,
              "data-focus": `metric:${metric.name}`,
            },
            h("span", { class: "tile-title" }, metric.title),
            h("span", { class: "tile-value" }, format.measure(row.value, metric.unit)),
            h(
              "span",
              { class: "tile-delta" },
              ui.delta(row.value, row.previous, metric),
              !format.isMissing(row.previous) &&
                h("span", { class: "muted" }, `before: ${format.measure(row.previous, metric.unit)}`),
            ),
          ),
        );
      }),
    ),
    h(
      "div",
      { class: "controls" },
      h(
        "label",
        { for: "metric", class: "control" },
        h("span", {}, "Over time"),
        h(
          "select",
          { id: "metric", "data-focus": "metric", on: { change: (event) => go(at({ metric: event.target.value })) } },
          metrics.map((metric) => h("option", { value: metric.name, selected: metric === chosen }, metric.title)),
        ),
      ),
    ),
    seriesChart(chosen, series, grain, "previous", filters),
    by &&
      ui.card(
        `${chosen.title} by ${DIMENSIONS[by].toLowerCase()}`,
        {
          aside: ui.segmented(
            "Broken down by",
            dimensions.map((name) => [name, DIMENSIONS[name]]),
            by,
            (name) => go(at({ by: name })),
          ),
        },
        breakdownTable(chosen, by, breakdown, at),
      ),
    definition(chosen, filters, series),
  );
}

function breakdownTable(metric, by, { rows }, at) {
  if (!rows.length)
    return ui.empty("Nothing to show", "No complaint in this period with these filters has the times needed.");
  const sorted = [...rows].sort((one, other) => (other.value ?? -1) - (one.value ?? -1));
  return ui.table(
    `${metric.title} by ${DIMENSIONS[by].toLowerCase()}`,
    [
      {
        title: DIMENSIONS[by],
        wide: true,
        of: (row) => h("a", { href: at({ [by]: row[by] ?? "(none)" }) }, titleOf(by, row[by])),
      },
      { title: metric.title, numeric: true, of: (row) => format.measure(row.value, metric.unit) },
      { title: "Before", numeric: true, of: (row) => format.measure(row.previous, metric.unit) },
      { title: "Change", of: (row) => ui.delta(row.value, row.previous, metric) },
    ],
    sorted,
  );
}
