// The parts that pages are made of.

import { h, icon, svg } from "./dom.js";
import * as format from "./format.js";
import { complaintHref, hrefTo, incidentHref } from "./route.js";
import { categoryTitle, humanise, titleOf } from "./session.js";

/** The head of a page: its name (which gets the focus when the page opens) and one line on what it is for. */
export const pageHead = (title, lead, ...aside) =>
  h(
    "div",
    { class: "page-head" },
    h("div", {}, h("h1", { tabindex: "-1" }, title), lead && h("p", { class: "lead" }, lead)),
    aside.length ? h("div", { class: "page-aside" }, aside) : null,
  );

/** A framed part of a page with a heading of its own. */
export function card(title, { aside, lead, className = "" } = {}, ...children) {
  return h(
    "section",
    { class: `card ${className}` },
    h(
      "div",
      { class: "card-head" },
      h("div", {}, h("h2", {}, title), lead && h("p", { class: "muted" }, lead)),
      aside && h("div", { class: "card-aside" }, aside),
    ),
    children,
  );
}

/** Whether a source sends as expected. */
export const freshBadge = (source) =>
  !source.last_received_at
    ? badge("Nothing yet", "plain")
    : badge(source.late ? "Late" : "On time", source.late ? "warn" : "good");

export const badge = (text, kind = "plain") => h("span", { class: `badge ${kind}` }, text);

const SEVERITIES = { critical: "bad", major: "warn", minor: "plain", error: "bad", warning: "warn", info: "plain" };
export const severityBadge = (severity) => badge(humanise(severity), SEVERITIES[severity] || "plain");

export const button = (text, listener, { kind = "", ...props } = {}) =>
  h("button", { type: "button", class: `button ${kind}`, on: { click: listener }, ...props }, text);

/** A comparison in words, with an arrow and, where one direction is better, a colour. */
export function delta(value, previous, { unit, better, versus } = {}) {
  const found = format.change(value, previous, { unit, better });
  const arrow = { up: "↑ ", down: "↓ ", same: "", unknown: "" }[found.direction];
  const kind = found.good === null ? "neutral" : found.good ? "good" : "bad";
  return h(
    "span",
    { class: `delta ${kind}` },
    arrow && h("span", { "aria-hidden": "true" }, arrow),
    found.text,
    versus &&
      found.direction !== "unknown" &&
      h("span", { class: "muted" }, ` than ${versus}`.replace("same than", "same as")),
  );
}

/** Nothing to show, and what to do about it. */
export const empty = (title, text, ...actions) =>
  h(
    "div",
    { class: "empty" },
    h("p", { class: "empty-title" }, title),
    text && h("p", {}, text),
    actions.length ? h("div", { class: "actions" }, actions) : null,
  );

/** Something went wrong, and what to do about it. */
export function failure(error, retry) {
  const status = error.status;
  const title =
    status === 403 ? "Your role does not include this" : status === 404 ? "Not found" : "Something went wrong";
  return h(
    "div",
    { class: "empty failed", role: "alert" },
    h("p", { class: "empty-title" }, title),
    h("p", {}, error.message),
    error.hint && h("p", { class: "muted" }, error.hint),
    retry && status !== 403 && status !== 404 && h("div", { class: "actions" }, button("Try again", retry)),
  );
}

/** A note across the page. */
export const note = (kind, ...children) => h("p", { class: `note ${kind}` }, children);

/** Grey shapes where content will be. */
export function skeleton() {
  const block = (name) => h("div", { class: `skeleton ${name}` });
  return h(
    "div",
    { class: "skeletons", "aria-hidden": "true" },
    block("sk-title"),
    block("sk-line"),
    h("div", { class: "tiles" }, block("sk-tile"), block("sk-tile"), block("sk-tile"), block("sk-tile")),
    block("sk-chart"),
    h("div", { class: "columns" }, block("sk-card"), block("sk-card")),
  );
}

/**
 * A table. Columns: `{title, of: row => content, numeric, wide}`.
 * @param {string} caption what the table shows; read by screen readers
 */
export function table(caption, columns, rows, { rowClass, showCaption = false } = {}) {
  return h(
    "div",
    { class: "table-wrap", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", { class: showCaption ? "" : "sr-only" }, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          columns.map((column) => h("th", { scope: "col", class: column.numeric ? "numeric" : null }, column.title)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            { class: rowClass ? rowClass(row) : null },
            columns.map((column, number) =>
              h(
                number ? "td" : "th",
                {
                  scope: number ? null : "row",
                  class: [column.numeric && "numeric", column.wide && "wide"].filter(Boolean).join(" ") || null,
                },
                column.of(row),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

/**
 * Shares of a whole as rows of bars; each row leads somewhere.
 * Rows: `{title, value, previous, href}`.
 */
export function bars(rows, { unit, better, most = 10, more } = {}) {
  const largest = Math.max(...rows.map((row) => row.value), 1);
  const isCompared = rows.some((row) => !format.isMissing(row.previous));
  return h(
    "div",
    {},
    h(
      "ul",
      { class: isCompared ? "bars" : "bars uncompared" },
      rows
        .slice(0, most)
        .map((row) =>
          h(
            "li",
            {},
            h(
              "a",
              { class: "bar-row", href: row.href },
              h("span", { class: "bar-title" }, row.title),
              h("span", { class: "bar-value" }, format.measure(row.value, unit)),
              h(
                "span",
                { class: "bar-track", "aria-hidden": "true" },
                h("span", { class: "bar-fill", style: { width: `${(100 * row.value) / largest}%` } }),
              ),
              isCompared && h("span", { class: "bar-delta" }, delta(row.value, row.previous, { unit, better })),
            ),
          ),
        ),
    ),
    rows.length > most && more
      ? h("a", { class: "more-link", href: more }, `All ${format.count(rows.length)}`, icon("arrow"))
      : null,
  );
}

/** A small line of values without axes; the table beside it has the numbers. */
export function sparkline(values) {
  const [width, height, edge] = [112, 28, 3];
  const known = values.filter((value) => !format.isMissing(value));
  if (known.length < 2) return h("span", { class: "muted" }, "–");
  const [low, high] = [Math.min(...known, 0), Math.max(...known)];
  const points = values.map((value, number) => [
    edge + (number * (width - 2 * edge)) / (values.length - 1),
    height - edge - (((value || 0) - low) * (height - 2 * edge)) / (high - low || 1),
  ]);
  const [lastX, lastY] = points[points.length - 1];
  return svg(
    "svg",
    { class: "sparkline", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    svg("polyline", { points: points.map((point) => point.map((each) => each.toFixed(1)).join(",")).join(" ") }),
    svg("circle", { cx: lastX, cy: lastY, r: 2.2 }),
  );
}

/** Buttons of which one is chosen. Choices: `[value, title]`. */
export function segmented(label, choices, chosen, choose) {
  return h(
    "div",
    { class: "segmented", role: "group", "aria-label": label },
    choices.map(([value, title]) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(value === chosen),
          "data-focus": `${label}:${value}`,
          on: { click: () => choose(value) },
        },
        title,
      ),
    ),
  );
}

/**
 * A text with some passages marked.
 * @param {string} text
 * @param {Array<{term: string, kind: string}>} terms found whatever their case; where they overlap, the first counts
 */
export function marked(text, terms) {
  const lower = text.toLowerCase();
  // Lower case can change a text's length (İ): positions would no longer match, so nothing is marked.
  if (lower.length !== text.length) return [text];
  const kinds = new Array(text.length).fill(null);
  terms.forEach(({ term, kind }, number) => {
    const needle = term.toLowerCase();
    if (!needle) return;
    for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, at + needle.length)) {
      if (isPartOfWord(lower, at, needle.length)) continue;
      for (let position = at; position < at + needle.length; position += 1) kinds[position] ??= { kind, number, at };
    }
  });
  const parts = [];
  for (let start = 0; start < text.length;) {
    const first = kinds[start];
    let end = start + 1;
    while (end < text.length && same(kinds[end], first)) end += 1;
    const passage = text.slice(start, end);
    parts.push(first ? h("mark", { class: first.kind }, passage) : passage);
    start = end;
  }
  return parts;
}

const WEAK = 0.15;

/** The terms worth marking, strongest first: words (not punctuation) that matter compared with the strongest. */
export function telling(terms, most) {
  const words = (terms || [])
    .filter(({ term }) => /[\p{L}\p{N}]/u.test(term))
    .sort((one, other) => Math.abs(other.weight) - Math.abs(one.weight));
  return words.filter(({ weight }) => Math.abs(weight) >= WEAK * Math.abs(words[0].weight)).slice(0, most);
}

/** The same as passages to mark: for the category, or for the next likeliest. */
export const asMarks = (terms) => terms.map(({ term, weight }) => ({ term, kind: weight >= 0 ? "for" : "against" }));

const same = (one, other) => (one && other ? one.number === other.number && one.at === other.at : one === other);

function isPartOfWord(text, at, length) {
  const letter = /[\p{L}\p{N}]/u;
  const touches = (inside, outside) => letter.test(text[inside] || "") && letter.test(text[outside] || "");
  return touches(at, at - 1) || touches(at + length - 1, at + length);
}

/** One complaint in a list. */
export function complaintItem(item, words = []) {
  return h(
    "li",
    { class: "complaint" },
    h(
      "div",
      { class: "complaint-head" },
      h(
        "a",
        { class: "complaint-category", href: complaintHref(item.complaint_id) },
        categoryTitle(item.category, item.subcategory),
      ),
      item.severity === "high" && badge("Severe", "bad"),
      item.needs_review && badge("Needs review", "warn"),
      item.category_source === "person" && badge("Corrected", "good"),
      item.near_duplicate_of && badge("Near duplicate"),
    ),
    h(
      "p",
      { class: "complaint-text" },
      marked(
        item.text || "(no text)",
        words.map((term) => ({ term, kind: "found" })),
      ),
    ),
    h(
      "p",
      { class: "complaint-facts" },
      facts([
        format.time(item.occurred_at),
        titleOf("channel", item.channel),
        item.region || "no region given",
        item.product,
        item.status && humanise(item.status),
        item.sentiment && `${item.sentiment} in tone`,
      ]),
    ),
  );
}

/** Short facts in a line, separated by dots that screen readers leave out. */
export function facts(items) {
  return items
    .filter(Boolean)
    .flatMap((item, number) =>
      number ? [h("span", { "aria-hidden": "true", class: "dot" }, "·"), h("span", {}, item)] : [h("span", {}, item)],
    );
}

/** What an incident is about: `Network data and 2 more in Lagos`. */
export function incidentTitle({ categories, regions }) {
  const what = firstOf(categories.map((name) => categoryTitle(name))) || "All categories";
  const where = firstOf(regions.map((name) => titleOf("region", name)));
  return where ? `${what} in ${where}` : what;
}

const firstOf = (names) => (names.length > 2 ? `${names[0]} and ${names.length - 1} more` : format.list(names));

/** When an incident was, and for how long. */
export function incidentTimes(incident) {
  if (incident.open || !incident.ended_at) return `Since ${format.time(incident.started_at)}, still open`;
  return `${format.time(incident.started_at)}, for ${format.between(incident.started_at, incident.ended_at)}`;
}

/** The complaints that an incident counts, as an address of the search. */
export const incidentComplaints = (incident) => hrefTo("search", { incident: incident.incident_id });

export function incidentItem(incident) {
  return h(
    "li",
    { class: `incident ${incident.open ? "open" : ""}` },
    h(
      "div",
      { class: "incident-head" },
      severityBadge(incident.severity),
      incident.open && badge("Open", "bad"),
      h("a", { class: "incident-title", href: incidentHref(incident.incident_id) }, incidentTitle(incident)),
    ),
    h(
      "p",
      { class: "incident-numbers" },
      h("strong", {}, format.count(incident.observed)),
      " complaints, ",
      `${format.count(incident.expected)} expected`,
      incident.ratio ? ` (${format.decimal(incident.ratio)} times)` : "",
    ),
    h("p", { class: "complaint-facts" }, incidentTimes(incident)),
  );
}
