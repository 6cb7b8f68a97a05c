// Incidents: open and ended ones, each with its hours, its words and its complaints.

import { ask } from "../api.js";
import { categoryAxis, chart, legendOf, valueAxis } from "../charts.js";
import { h, icon } from "../dom.js";
import { filterBar } from "../filters.js";
import * as format from "../format.js";
import { changed, filtersOf, go, hrefTo } from "../route.js";
import { can, countedBy, titleOf } from "../session.js";
import * as ui from "../ui.js";

const STATES = [
  ["", "All"],
  ["true", "Open"],
  ["false", "Ended"],
];

export async function render(context) {
  context.live = true;
  return context.id ? detail(context) : list(context);
}

async function list({ params, signal }) {
  const open = params.get("open") || "";
  const { incidents } = await ask("incidents", { params: changed(filtersOf(params), { open }), signal });
  const period = { from: params.get("from"), to: params.get("to") };
  return h(
    "div",
    { class: "page" },
    ui.pageHead("Incidents", "Where complaints rose clearly above what is usual for the weekday and hour."),
    filterBar("incidents", params, period, countedBy(["channel", "region", "category"])),
    h(
      "div",
      { class: "controls" },
      ui.segmented("Which", STATES, open, (value) => go(hrefTo("incidents", changed(params, { open: value })))),
    ),
    incidents.length
      ? h(
          "ul",
          { class: "incidents cards" },
          incidents.map((incident) =>
            h(
              "li",
              { class: `card incident-card ${incident.open ? "open" : ""}` },
              h(
                "div",
                { class: "incident-head" },
                ui.severityBadge(incident.severity),
                incident.open && ui.badge("Open", "bad"),
              ),
              h(
                "h2",
                {},
                h("a", { href: `#/incidents/${encodeURIComponent(incident.incident_id)}` }, ui.incidentTitle(incident)),
              ),
              h("p", { class: "complaint-facts" }, ui.incidentTimes(incident)),
              h("p", {}, incident.explanation),
              h(
                "p",
                { class: "incident-numbers" },
                h("strong", {}, format.count(incident.observed)),
                ` complaints, ${format.count(incident.expected)} expected`,
              ),
              terms(incident.top_terms),
            ),
          ),
        )
      : ui.empty(
          "No incidents",
          open === "true"
            ? "No incident is open."
            : "Nothing unusual was found in this period with these filters.",
          h("a", { class: "button", href: hrefTo("trends") }, "See the trends"),
        ),
  );
}

async function detail({ id, signal }) {
  const incident = await ask(`incidents/${encodeURIComponent(id)}`, { signal });
  const channels = incident.channels.map((name) => titleOf("channel", name));
  return h(
    "div",
    { class: "page" },
    h("p", { class: "back" }, h("a", { href: hrefTo("incidents") }, "← All incidents")),
    ui.pageHead(
      ui.incidentTitle(incident),
      h(
        "span",
        { class: "complaint-facts" },
        ui.facts([ui.incidentTimes(incident), channels.length ? format.list(channels) : null]),
      ),
      ui.severityBadge(incident.severity),
      incident.open && ui.badge("Open", "bad"),
    ),
    h("p", { class: "statement" }, incident.explanation),
    h(
      "ul",
      { class: "tiles" },
      fact("Complaints", format.count(incident.observed), "during the incident"),
      fact("Expected", format.count(incident.expected), "for these weekdays and hours"),
      fact(
        "Above expected",
        format.count(incident.excess),
        incident.ratio ? `${format.decimal(incident.ratio)} times the usual` : null,
      ),
      fact("Peak", format.clock(incident.peak_at), format.day(format.localDay(incident.peak_at))),
    ),
    hours(incident),
    h(
      "div",
      { class: "columns" },
      ui.card(
        "Words that rose",
        { lead: "Compared with the weeks before" },
        incident.top_terms.length ? terms(incident.top_terms) : ui.empty("No word stands out"),
      ),
      ui.card(
        "Where and how",
        {},
        h(
          "dl",
          { class: "pairs" },
          pair(
            "Categories",
            incident.categories.map((name) => titleOf("category", name)),
          ),
          pair(
            "Regions",
            incident.regions.map((name) => titleOf("region", name)),
            "all",
          ),
          pair("Channels", channels, "all"),
        ),
      ),
    ),
    can("complaints") &&
      ui.card(
        "Examples",
        {
          aside: h(
            "a",
            { class: "button primary", href: ui.incidentComplaints(incident) },
            `All ${format.plural(incident.observed, "complaint")}`,
            icon("arrow"),
          ),
        },
        (incident.samples || []).length
          ? h(
              "ol",
              { class: "complaints" },
              incident.samples.map((item) => ui.complaintItem(item, incident.top_terms)),
            )
          : ui.empty("No examples"),
      ),
  );
}

const fact = (title, value, more) =>
  h(
    "li",
    { class: "tile" },
    h(
      "div",
      {},
      h("span", { class: "tile-title" }, title),
      h("span", { class: "tile-value" }, value),
      more && h("span", { class: "tile-delta muted" }, more),
    ),
  );

const pair = (title, values, none = "none") =>
  h("div", {}, h("dt", {}, title), h("dd", {}, values.length ? format.list(values) : none));

const terms = (words) =>
  (words || []).length > 0 &&
  h(
    "ul",
    { class: "chips", "aria-label": "Words that rose" },
    words.map((word) => h("li", { class: "chip" }, word)),
  );

function hours(incident) {
  const rows = incident.series || [];
  const inside = rows.map(
    (row) =>
      new Date(row.time) >= new Date(incident.started_at) &&
      (!incident.ended_at || new Date(row.time) < new Date(incident.ended_at)),
  );
  const first = inside.indexOf(true);
  const last = inside.lastIndexOf(true);
  const label = (row) => format.time(row.time, { year: undefined });
  return chart({
    title: "Hour by hour",
    summary: incident.explanation,
    lead: `Complaints per hour, ${format.zone()}`,
    rows,
    height: "tall",
    legend: legendOf([
      ["bar", "complaints"],
      ["expected", "expected"],
      ["upper", "limit"],
      ["bad", "incident"],
    ]),
    columns: [
      { title: "Hour", of: (row) => format.time(row.time) },
      { title: "Complaints", numeric: true, of: (row) => format.count(row.observed) },
      { title: "Expected", numeric: true, of: (row) => format.decimal(row.expected) },
      { title: "Limit", numeric: true, of: (row) => format.decimal(row.upper) },
    ],
    option: (palette) => ({
      xAxis: categoryAxis(palette, rows.map(label), true),
      yAxis: valueAxis(palette, (value) => format.axisMeasure(value)),
      tooltip: {
        formatter: (points) => {
          const row = rows[points[0].dataIndex];
          return `${format.time(row.time)}\n${format.count(row.observed)} complaints\n${format.decimal(row.expected)} expected, limit ${format.decimal(row.upper)}`;
        },
      },
      series: [
        {
          type: "line",
          z: 3,
          data: rows.map((row) => row.upper),
          symbol: "none",
          lineStyle: { color: palette.text, width: 1.5, type: "dotted" },
          itemStyle: { color: palette.text },
        },
        {
          type: "bar",
          z: 2,
          data: rows.map((row) => row.observed),
          itemStyle: { color: palette.accent, opacity: 0.75, borderRadius: [2, 2, 0, 0] },
          barCategoryGap: "25%",
          barMaxWidth: 56,
          markArea:
            first < 0
              ? undefined
              : { silent: true, itemStyle: { color: palette.badSoft }, data: [[{ xAxis: first }, { xAxis: last }]] },
        },
        {
          type: "line",
          z: 3,
          data: rows.map((row) => row.expected),
          symbol: "none",
          lineStyle: { color: palette.text, width: 2, type: "dashed" },
          itemStyle: { color: palette.text },
        },
      ],
    }),
  });
}
