// One complaint: its text, its category and why, and its history back to file and record.

import { ask } from "../api.js";
import { chooseCategory } from "../categories.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { complaintHref, hrefTo } from "../route.js";
import { can, categoryTitle, humanise, titleOf } from "../session.js";
import * as ui from "../ui.js";

const TERMS = 6;

export async function render(context) {
  const { id, signal } = context;
  const path = `complaints/${encodeURIComponent(id)}`;
  const [data, explanation] = await Promise.all([
    ask(path, { signal }),
    ask(`${path}/explanation`, { signal }).catch((error) => ({ error })),
  ]);
  if (explanation.error && explanation.error.name === "AbortError") throw explanation.error;
  const { complaint } = data;
  const terms = ui.telling(explanation.terms, TERMS);
  return h(
    "div",
    { class: "page" },
    h("p", { class: "back" }, h("a", { href: hrefTo("search"), on: { click: goBack } }, "← Back")),
    ui.pageHead(
      "Complaint",
      h(
        "span",
        { class: "complaint-facts" },
        ui.facts([
          format.time(complaint.occurred_at),
          titleOf("channel", complaint.channel),
          titleOf("region", complaint.region),
          complaint.product,
        ]),
      ),
    ),
    h(
      "div",
      { class: "columns wide-left" },
      h(
        "div",
        { class: "stack" },
        h(
          "section",
          { class: "card" },
          h("h2", { class: "sr-only" }, "Text"),
          h("p", { class: "review-text" }, ui.marked(complaint.text || "(no text)", ui.asMarks(terms))),
        ),
        decision(context, data, explanation),
        why(explanation),
        related("Near duplicates", data.near_duplicates),
        related("Duplicates", data.duplicates),
      ),
      h("div", { class: "stack" }, history(data), about(data), can("raw") && raw(path)),
    ),
  );
}

function goBack(event) {
  if (window.history.length < 2) return; // opened from a link: go to the search
  event.preventDefault();
  window.history.back();
}

function decision(context, { complaint, corrections }, explanation) {
  const person = complaint.category_source === "person";
  const said = h("div", { role: "status" });
  const correct = async (chosen) => {
    try {
      await ask("corrections", { method: "POST", body: { complaint_id: complaint.complaint_id, ...chosen } });
      context.announce("Saved");
      context.redraw();
    } catch (error) {
      said.replaceChildren(ui.note("bad", `Not saved: ${error.message} ${error.hint || ""}`));
    }
  };
  const alternatives = (explanation.alternatives || [])
    .filter((each) => each.category !== complaint.category)
    .slice(0, 2);
  return ui.card(
    "Category",
    {},
    h(
      "p",
      { class: "decided" },
      h("strong", {}, categoryTitle(complaint.category, complaint.subcategory)),
      " ",
      person
        ? ui.badge("Corrected", "good")
        : complaint.needs_review
          ? ui.badge("Needs review", "warn")
          : null,
    ),
    h(
      "p",
      { class: "muted" },
      person
        ? "A correction by a person overrides the classifier."
        : format.isMissing(complaint.confidence)
          ? null
          : `The classifier is ${format.percent(complaint.confidence)} sure (model ${complaint.model_version}).`,
    ),
    corrections.length > 0 &&
      h(
        "ol",
        { class: "decisions" },
        corrections.map((each) =>
          h(
            "li",
            {},
            h(
              "span",
              {},
              each.is_complaint === false ? "Not a complaint" : categoryTitle(each.category, each.subcategory),
            ),
            h("span", { class: "muted small" }, `${each.author}, ${format.time(each.at)}`),
          ),
        ),
      ),
    corrections.length > 0 &&
      !person &&
      ui.note("plain", "The correction is saved. The numbers show it once the day has been rebuilt."),
    can("review") &&
      h(
        "div",
        { class: "actions" },
        alternatives.map((each) =>
          ui.button(`It is ${categoryTitle(each.category, each.subcategory)}`, () =>
            correct({ category: each.category, subcategory: each.subcategory ?? null, is_complaint: true }),
          ),
        ),
        ui.button("Another category …", async () => {
          const chosen = await chooseCategory();
          if (chosen) await correct({ ...chosen, is_complaint: true });
        }),
        ui.button("Not a complaint", () => correct({ category: null, subcategory: null, is_complaint: false })),
      ),
    said,
  );
}

function why(explanation) {
  if (explanation.error) return ui.card("Why this category", {}, ui.empty("Unknown", explanation.error.message));
  const terms = ui.telling(explanation.terms, TERMS);
  if (!terms.length) return null;
  const strongest = Math.abs(terms[0].weight) || 1;
  return ui.card(
    "Why this category",
    { lead: "Words that support the category, and words that support the next likeliest" },
    h(
      "ul",
      { class: "weights" },
      terms.map(({ term, weight }) =>
        h(
          "li",
          {},
          h("span", { class: "weight-term" }, term),
          h(
            "span",
            { class: "weight-track", "aria-hidden": "true" },
            h("span", {
              class: `weight-fill ${weight >= 0 ? "for" : "against"}`,
              style: { width: `${(100 * Math.abs(weight)) / strongest}%` },
            }),
          ),
          h("span", { class: "muted small" }, weight >= 0 ? "for" : "against"),
        ),
      ),
    ),
  );
}

function history({ complaint, lineage }) {
  const steps = [
    [
      complaint.occurred_at,
      "Complaint made",
      `written as ${complaint.original_timestamp} (${complaint.original_timezone})`,
    ],
    [
      complaint.first_response_at,
      "First response",
      complaint.first_response_at && `after ${format.between(complaint.occurred_at, complaint.first_response_at)}`,
    ],
    [
      complaint.resolved_at,
      "Resolved",
      complaint.resolved_at && `after ${format.between(complaint.occurred_at, complaint.resolved_at)}`,
    ],
    [lineage.received_at, "Received", `from ${humanise(lineage.source).toLowerCase()}, in a file`],
  ]
    .filter(([at]) => at)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return ui.card(
    "History",
    {},
    h(
      "ol",
      { class: "timeline" },
      steps.map(([at, title, more]) =>
        h(
          "li",
          {},
          h("strong", {}, title),
          h("time", { datetime: at }, format.time(at)),
          more && h("span", { class: "muted small" }, more),
        ),
      ),
    ),
    h(
      "dl",
      { class: "pairs", id: "lineage" },
      pair("File", lineage.file_name),
      pair("Record number", format.count(lineage.record_number)),
      pair("SHA-256 of the file", h("code", { class: "hash" }, lineage.raw_sha256)),
    ),
  );
}

function about({ complaint, episode }) {
  return ui.card(
    "Details",
    {},
    h(
      "dl",
      { class: "pairs" },
      pair("Status", complaint.status ? humanise(complaint.status) : "not given"),
      complaint.severity && pair("Severity", humanise(complaint.severity)),
      complaint.sentiment && pair("Tone", humanise(complaint.sentiment)),
      complaint.language && pair("Language", languageOf(complaint.language)),
      complaint.segment && pair("Segment", complaint.segment),
      complaint.customer_key &&
        pair(
          "Customer",
          h(
            "a",
            { href: hrefTo("search", { customer_key: complaint.customer_key }) },
            "Other complaints of this customer",
          ),
        ),
      episode && episode.contacts && pair("Case", `${format.plural(episode.contacts, "contact")} about this`),
      complaint.near_duplicate_of &&
        pair(
          "Near duplicate of",
          h("a", { href: complaintHref(complaint.near_duplicate_of) }, "an earlier complaint"),
        ),
      complaint.time_flags && pair("Dropped times", complaint.time_flags),
      pair("Id", h("code", { class: "hash" }, complaint.complaint_id)),
    ),
  );
}

function languageOf(code) {
  try {
    return new Intl.DisplayNames("en", { type: "language" }).of(code);
  } catch {
    return code;
  }
}

function raw(path) {
  const place = h("div", {});
  const show = async () => {
    try {
      const answer = await ask(`${path}/raw`);
      place.replaceChildren(
        h(
          "pre",
          { class: "raw", tabindex: "0" },
          typeof answer.raw_record === "string" ? answer.raw_record : JSON.stringify(answer.raw_record, null, 2),
        ),
      );
    } catch (error) {
      place.replaceChildren(ui.failure(error, show));
    }
  };
  return ui.card(
    "As sent",
    { lead: "Personal data. Your access is recorded in the audit log." },
    h("div", { class: "actions" }, ui.button("Show the record as sent", show)),
    place,
  );
}

const related = (title, items) =>
  items &&
  items.length > 0 &&
  ui.card(
    title,
    { lead: format.plural(items.length, "complaint") },
    h(
      "ol",
      { class: "complaints" },
      items.map((item) => ui.complaintItem(item)),
    ),
  );

const pair = (title, value) => h("div", {}, h("dt", {}, title), h("dd", {}, value));
