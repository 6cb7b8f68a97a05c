// Whether the numbers can be relied on, in plain words: what arrived, what was set aside, what waits, how sure the classifier is.

import { ask } from "../api.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { hrefTo } from "../route.js";
import { can, humanise } from "../session.js";
import * as ui from "../ui.js";

export async function render(context) {
  const data = await ask("health", { signal: context.signal });
  context.live = true;
  const { reconciliation, model } = data;
  const stale = Object.entries(data.stale).filter(([, days]) => days > 0);
  return h(
    "div",
    { class: "page" },
    ui.pageHead("Data quality", "Whether the numbers can be relied on, and what is done with what arrives."),
    ui.card(
      "In short",
      {},
      data.sentences.length
        ? h(
            "ul",
            { class: "sentences" },
            data.sentences.map((sentence) => h("li", {}, sentence)),
          )
        : ui.empty("Nothing to report", "Everything that arrived is counted, and nothing is late."),
    ),
    h(
      "ul",
      { class: "tiles" },
      tile(
        "Files accounted for",
        `${format.count(reconciliation.reconciled)} of ${format.count(reconciliation.files)}`,
        reconciliation.reconciled === reconciliation.files
          ? "every record of every file ends somewhere"
          : "some records have not been counted yet",
      ),
      tile(
        "Records received",
        format.count(sum(data.sources, "received")),
        `${format.count(sum(data.sources, "files"))} files`,
      ),
      tile(
        "Set aside",
        format.count(sum(data.sources, "quarantined")),
        "records that could not be read; nothing is thrown away",
      ),
      tile(
        "Tables up to date",
        !data.looked_at ? "Not known yet" : stale.length ? "No" : "Yes",
        !data.looked_at
          ? "it is looked at soon after the start"
          : stale.length
            ? `${format.plural(stale.length, "table")} to make anew`
            : "everything taken in is counted",
      ),
    ),
    ui.card(
      "What arrives",
      { lead: "One line for each sender" },
      ui.table(
        "Sources",
        [
          { title: "Source", of: (row) => humanise(row.source) },
          { title: "State", of: ui.freshBadge },
          {
            title: "Sends",
            of: (row) =>
              ({ stream: "all the time", micro_batch: "every few minutes", hourly: "every hour", daily: "every day" })[
                row.cadence
              ] || humanise(row.cadence),
          },
          {
            title: "Last file",
            of: (row) =>
              h(
                "span",
                { title: row.last_received_at ? format.time(row.last_received_at) : null },
                format.ago(row.last_received_at),
              ),
          },
          { title: "Files", numeric: true, of: (row) => format.count(row.files) },
          { title: "Records", numeric: true, of: (row) => format.count(row.received) },
          { title: "Set aside", numeric: true, of: (row) => format.count(row.quarantined) },
          { title: "Files waiting", numeric: true, of: (row) => format.count(row.waiting) },
        ],
        data.sources,
      ),
    ),
    h(
      "div",
      { class: "columns" },
      ui.card(
        "Set aside, and why",
        { lead: "After a contract is corrected, these can be read again" },
        data.quarantine.length
          ? setAside(data.quarantine)
          : ui.empty("Nothing is set aside", "Every record could be read."),
      ),
      ui.card(
        "What the complaints look like",
        {},
        data.quality.length
          ? h(
              "dl",
              { class: "quality" },
              data.quality.map((entry) =>
                h(
                  "div",
                  {},
                  h("dt", {}, entry.title),
                  h(
                    "dd",
                    {},
                    h("strong", {}, format.measure(entry.value, entry.unit)),
                    h("span", { class: "muted" }, entry.words),
                  ),
                ),
              ),
            )
          : ui.empty("Not measured yet"),
      ),
    ),
    h(
      "div",
      { class: "columns" },
      ui.card(
        "Tables",
        {},
        stale.length
          ? ui.table(
              "Days to make anew",
              [
                { title: "Table", of: ([name]) => name },
                { title: "Days to make anew", numeric: true, of: ([, days]) => format.count(days) },
              ],
              stale,
            )
          : ui.empty("Everything is up to date", "All that was received and corrected is in the tables."),
      ),
      ui.card(
        "The classifier",
        {},
        model && model.version
          ? h(
              "dl",
              { class: "pairs" },
              pair("Version", h("code", {}, model.version)),
              pair("Categories", `version ${model.taxonomy_version}`),
              model.trained_at && pair("Trained", format.time(model.trained_at)),
              pair("Unsure about", `${format.percent(model.needs_review_share)} of complaints`),
              can("review") &&
                pair("To make it better", h("a", { href: hrefTo("review") }, "Correct complaints in the review queue")),
            )
          : ui.empty("None serves yet", "It is trained when the first complaints are categorised."),
      ),
    ),
    openFiles(reconciliation.open),
  );
}

function setAside(quarantine) {
  const sources = [...new Set(quarantine.map((row) => row.source))].sort();
  const byReason = new Map();
  for (const { source, reason, records } of quarantine) {
    if (!byReason.has(reason)) byReason.set(reason, { reason, total: 0 });
    const row = byReason.get(reason);
    row[source] = records;
    row.total += records;
  }
  return ui.table(
    "Records set aside, by reason and source",
    [
      { title: "Reason", of: (row) => humanise(row.reason) },
      ...sources.map((source) => ({
        title: humanise(source),
        numeric: true,
        of: (row) => format.count(row[source] ?? 0),
      })),
      { title: "All", numeric: true, of: (row) => h("strong", {}, format.count(row.total)) },
    ],
    [...byReason.values()].sort((one, other) => other.total - one.total),
  );
}

const tile = (title, value, more) =>
  h(
    "li",
    { class: "tile" },
    h(
      "div",
      {},
      h("span", { class: "tile-title" }, title),
      h("span", { class: "tile-value" }, value),
      h("span", { class: "tile-delta muted" }, more),
    ),
  );

const pair = (title, value) => h("div", {}, h("dt", {}, title), h("dd", {}, value));
const sum = (rows, name) => rows.reduce((total, row) => total + row[name], 0);

function openFiles(files) {
  return (
    files.length > 0 &&
    ui.card(
      "Files that are not accounted for yet",
      { lead: "Some of their days have not been made since they arrived" },
      ui.table(
        "Files that are not accounted for yet",
        [
          { title: "File", of: (row) => row.file_name },
          { title: "Source", of: (row) => humanise(row.source) },
          { title: "Received", of: (row) => format.time(row.received_at) },
          { title: "Records", numeric: true, of: (row) => format.count(row.received) },
          { title: "Not counted yet", numeric: true, of: (row) => format.count(row.waiting) },
        ],
        files,
      ),
    )
  );
}
