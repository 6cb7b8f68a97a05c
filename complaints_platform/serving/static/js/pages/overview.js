// How many complaints, where, about what, compared with before; open incidents; how fresh the data is.

import { ask } from "../api.js";
import { categoryAxis, chart, legendOf, valueAxis } from "../charts.js";
import { h, icon } from "../dom.js";
import { filterBar } from "../filters.js";
import * as format from "../format.js";
import { changed, filtersOf, go, hrefTo } from "../route.js";
import { countedBy, humanise, session, titleOf } from "../session.js";
import * as ui from "../ui.js";

const TILES = 8;

export async function render(context) {
  const filters = filtersOf(context.params);
  if (!session.pulse.to) return nothingYet();
  const data = await ask("overview", { params: filters, signal: context.signal });
  context.live = true;
  const isCompared = data.by_day.some((row) => !format.isMissing(row.previous));
  const before = isCompared
    ? `compared with ${format.days(data.previous_from, data.previous_to)}`
    : "nothing earlier to compare with";
  return h(
    "div",
    { class: "page" },
    ui.pageHead(
      "Overview",
      h("span", {}, format.days(data.from, data.to), h("span", { class: "muted" }, `, ${before}`)),
    ),
    filterBar("overview", context.params, data, countedBy(["channel", "region", "category", "product"])),
    notes(data),
    h(
      "ul",
      { class: "tiles" },
      data.headline
        .filter((entry) => !format.isMissing(entry.value))
        .slice(0, TILES)
        .map((entry) => tile(entry, filters, isCompared)),
    ),
    h(
      "div",
      { class: "columns wide-left" },
      byDay(data, filters, isCompared),
      ui.card(
        "Incidents",
        {
          lead: incidentsLead(data.incidents),
          aside: h("a", { class: "more-link", href: hrefTo("incidents") }, "All", icon("arrow")),
        },
        data.incidents.length
          ? h("ul", { class: "incidents" }, data.incidents.slice(0, 4).map(ui.incidentItem))
          : ui.empty("Nothing unusual", "No category or region has clearly more complaints than usual."),
      ),
    ),
    h(
      "div",
      { class: "columns three" },
      breakdown("About what", "category", data, filters),
      breakdown("Where", "region", data, filters),
      h("div", { class: "stack" }, breakdown("By channel", "channel", data, filters), freshness(data.freshness)),
    ),
  );
}

function nothingYet() {
  return h(
    "div",
    { class: "page" },
    ui.pageHead("Overview"),
    ui.empty(
      "There are no complaints yet",
      "They appear here as soon as files of complaints have been collected.",
      h("a", { class: "button", href: hrefTo("quality") }, "What has arrived"),
    ),
  );
}

function notes(data) {
  return [
    data.stale_days > 0 &&
      ui.note(
        "warn",
        `${format.plural(data.stale_days, "day")} of the tables ${data.stale_days === 1 ? "is" : "are"} stale: newer data or corrections are not counted yet. `,
        h("a", { href: hrefTo("quality") }, "What is waiting"),
      ),
    data.mixed_versions &&
      ui.note("plain", "These days were categorised by different models: a change between categories may come from that."),
  ];
}

function tile(entry, filters, isCompared) {
  return h(
    "li",
    { class: "tile" },
    h(
      "a",
      { href: hrefTo("trends", changed(filters, { metric: entry.metric })) },
      h("span", { class: "tile-title" }, entry.title),
      h("span", { class: "tile-value" }, format.measure(entry.value, entry.unit)),
      isCompared &&
        h(
          "span",
          { class: "tile-delta" },
          ui.delta(entry.value, entry.previous, entry),
          !format.isMissing(entry.previous) &&
            h("span", { class: "muted" }, `before: ${format.measure(entry.previous, entry.unit)}`),
        ),
    ),
  );
}

function incidentsLead(incidents) {
  const open = incidents.filter((incident) => incident.open).length;
  return open ? `${format.count(open)} open` : "None open";
}

function byDay(data, filters, isCompared) {
  const rows = data.by_day;
  const highest = rows.reduce((best, row) => (row.value > best.value ? row : best), rows[0] || { value: 0 });
  const total = rows.reduce((sum, row) => sum + row.value, 0);
  const summary = rows.length
    ? `${format.count(total)} complaints, ${format.count(total / rows.length)} per day on average; most on ${format.weekday(highest.day)} (${format.count(highest.value)}).`
    : "No complaints in this period.";
  const openDay = (index) =>
    rows[index] && go(hrefTo("search", changed(filters, { from: rows[index].day, to: rows[index].day })));
  return chart({
    title: "Complaints per day",
    summary,
    rows,
    choose: openDay,
    height: "tall",
    legend: isCompared
      ? legendOf([
          ["accent", "this period"],
          ["previous", "previous period"],
        ])
      : null,
    columns: [
      {
        title: "Day",
        of: (row) =>
          h("a", { href: hrefTo("search", changed(filters, { from: row.day, to: row.day })) }, format.weekday(row.day)),
      },
      { title: "Complaints", numeric: true, of: (row) => format.count(row.value) },
      { title: "Before", numeric: true, of: (row) => format.count(row.previous) },
      { title: "Change", of: (row) => ui.delta(row.value, row.previous, { better: "lower" }) },
    ],
    option: (palette) => ({
      xAxis: categoryAxis(
        palette,
        rows.map((row) => format.shortDay(row.day)),
      ),
      yAxis: valueAxis(palette, (value) => format.axisMeasure(value)),
      tooltip: {
        formatter: ([point]) => {
          const row = rows[point.dataIndex];
          return [
            format.weekday(row.day),
            `${format.count(row.value)} complaints`,
            isCompared && `before: ${format.count(row.previous)}`,
          ]
            .filter(Boolean)
            .join("\n");
        },
      },
      series: [
        {
          type: "line",
          data: rows.map((row) => row.previous),
          symbol: "none",
          lineStyle: { color: palette.previous, width: 1.5, type: "dashed" },
          itemStyle: { color: palette.previous },
        },
        {
          type: "line",
          data: rows.map((row) => row.value),
          symbol: "circle",
          showSymbol: rows.length < 2,
          symbolSize: 6,
          lineStyle: { color: palette.accent, width: 2.5 },
          itemStyle: { color: palette.accent },
          areaStyle: { color: palette.accentSoft },
        },
      ],
    }),
  });
}

function breakdown(title, dimension, data, filters) {
  const rows = data[`by_${dimension}`].map((row) => ({
    title: titleOf(dimension, row[dimension]),
    value: row.value,
    previous: row.previous,
    href: hrefTo(
      "trends",
      changed(filters, {
        [dimension]: row[dimension] ?? "(none)",
        by: dimension === "category" ? "subcategory" : "category",
      }),
    ),
  }));
  return ui.card(
    title,
    {},
    rows.length
      ? ui.bars(rows, { better: "lower", more: hrefTo("trends", changed(filters, { by: dimension })) })
      : ui.empty("No complaints", "None in this period with these filters. A longer period may have some."),
  );
}

function freshness(sources) {
  return ui.card(
    "Freshness",
    {},
    h(
      "ul",
      { class: "fresh-list" },
      sources.map((source) =>
        h(
          "li",
          {},
          h("span", { class: "fresh-name" }, humanise(source.source)),
          ui.freshBadge(source),
          h(
            "span",
            { class: "muted small" },
            source.last_received_at ? `last file ${format.ago(source.last_received_at)}` : "nothing received yet",
            source.deadline_at ? `; next due ${format.ago(source.deadline_at)}` : "",
          ),
        ),
      ),
    ),
  );
}
