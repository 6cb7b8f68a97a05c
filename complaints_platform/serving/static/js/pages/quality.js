// Whether the numbers can be trusted: what arrived, what is in quarantine, what is waiting, how sure the classifier is.

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
    ui.pageHead("Data quality", "Whether the numbers can be trusted, and what happens to the data that arrives."),
    ui.card(
      "In short",
      {},
      data.sentences.length
        ? h(
            "ul",
            { class: "sentences" },
            data.sentences.map((sentence) => h("li", {}, sentence)),
          )
        : ui.empty("Nothing to report", "Everything that arrived has been counted, and nothing is late."),
    ),
    h(
      "ul",
      { class: "tiles" },
      tile(
        "Files accounted for",
        `${format.count(reconciliation.reconciled)} of ${format.count(reconciliation.files)}`,
        reconciliation.reconciled === reconciliation.files
          ? "every record is accounted for"
          : "some records have not been counted yet",
      ),
      tile(
        "Records received",
        format.count(sum(data.sources, "received")),
        `${format.count(sum(data.sources, "files"))} files`,
      ),
      tile(
        "In quarantine",
        format.count(sum(data.sources, "quarantined")),
        "unreadable records; nothing is thrown away",
      ),
      tile(
        "Tables up to date",
        !data.looked_at ? "Not known yet" : stale.length ? "No" : "Yes",
        !data.looked_at
          ? "checked soon after the start"
          : stale.length
            ? `${format.plural(stale.length, "table")} to update`
            : "everything collected is counted",
      ),
    ),
    ui.card(
      "Incoming data",
      { lead: "One line per source" },
      ui.table(
        "Sources",
        [
          { title: "Source", of: (row) => humanise(row.source) },
          { title: "State", of: ui.freshBadge },
          {
            title: "Sends",
            of: (row) =>
              ({ stream: "continuously", micro_batch: "every few minutes", hourly: "every hour", daily: "every day" })[
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
          { title: "In quarantine", numeric: true, of: (row) => format.count(row.quarantined) },
          { title: "Files waiting", numeric: true, of: (row) => format.count(row.waiting) },
        ],
        data.sources,
      ),
    ),
    h(
      "div",
      { class: "columns" },
      ui.card(
        "Quarantine",
        { lead: "Once their source contract is fixed, these records can be replayed" },
        data.quarantine.length
          ? quarantineTable(data.quarantine)
          : ui.empty("The quarantine is empty", "Every record could be read."),
      ),
      ui.card(
        "Quality of the complaints",
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
              "Stale days",
              [
                { title: "Table", of: ([name]) => name },
                { title: "Stale days", numeric: true, of: ([, days]) => format.count(days) },
              ],
              stale,
            )
          : ui.empty("Everything is up to date", "Everything received and corrected is in the tables."),
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
                pair("To improve it", h("a", { href: hrefTo("review") }, "Correct complaints in the review queue")),
            )
          : ui.empty("No model serves yet", "One is trained when the first complaints are categorised."),
      ),
    ),
    openFiles(reconciliation.open),
  );
}

function quarantineTable(quarantine) {
  const sources = [...new Set(quarantine.map((row) => row.source))].sort();
  const byReason = new Map();
  for (const { source, reason, records } of quarantine) {
    if (!byReason.has(reason)) byReason.set(reason, { reason, total: 0 });
    const row = byReason.get(reason);
    row[source] = records;
    row.total += records;
  }
  return ui.table(
    "Quarantined records, by reason and source",
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
      "Files not accounted for yet",
      { lead: "Some of their days have not been rebuilt since they arrived" },
      ui.table(
        "Files not accounted for yet",
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
