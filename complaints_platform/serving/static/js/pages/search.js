// Finding complaints: by words, by filters, page by page.

import { ask } from "../api.js";
import { h } from "../dom.js";
import { filterBar } from "../filters.js";
import * as format from "../format.js";
import { changed, go, hrefTo, incidentHref } from "../route.js";
import * as ui from "../ui.js";

const PAGE = 25;
const DEFAULT_DAYS = 30; // the default of the service
const OFFERED = ["channel", "region", "category", "subcategory", "product", "source"];
const SORTS = [
  ["newest", "Newest"],
  ["relevance", "Best match"],
];

export async function render(context) {
  const { params, signal } = context;
  const query = params.get("q") || "";
  const sort = params.get("sort") || (query ? "relevance" : "newest");
  const request = changed(params, { limit: PAGE, sort: query ? sort : "newest" });
  const id = params.get("incident");
  const [answer, incident] = await Promise.all([
    ask("complaints", { params: request, signal }),
    id && ask(`incidents/${encodeURIComponent(id)}`, { signal }),
  ]);
  const field = h("input", {
    type: "search",
    id: "q",
    name: "q",
    value: query,
    placeholder: "Words in the complaint, such as no signal",
    "aria-label": "Words in the complaint",
    "data-focus": "q",
  });
  const find = (changes) => go(hrefTo("search", changed(params, changes)));
  const check = (name, title) =>
    h(
      "label",
      { class: "option inline" },
      h("input", {
        type: "checkbox",
        checked: params.get(name) === "true",
        "data-focus": name,
        on: { change: (event) => find({ [name]: event.target.checked ? "true" : null }) },
      }),
      title,
    );
  return h(
    "div",
    { class: "page" },
    ui.pageHead("Search", "In the text of the complaints, without personal data."),
    h(
      "form",
      {
        role: "search",
        class: "search-form",
        on: {
          submit: (event) => {
            event.preventDefault();
            find({ q: field.value.trim(), sort: null });
          },
        },
      },
      field,
      h("button", { type: "submit", class: "button primary" }, "Search"),
    ),
    incident
      ? ui.note(
          "plain",
          "Only the complaints of an incident: ",
          h("a", { href: incidentHref(id) }, ui.incidentTitle(incident)),
          `. ${ui.incidentTimes(incident)}. `,
          h("a", { href: hrefTo("search", changed(params, { incident: null })) }, "Search all complaints"),
        )
      : filterBar("search", params, periodOf(params, answer), OFFERED),
    h(
      "div",
      { class: "controls" },
      check("needs_review", "Only complaints that need review"),
      check("near_duplicates", "Only near duplicates"),
      query && ui.segmented("Order", SORTS, sort, (value) => find({ sort: value })),
    ),
    params.get("customer_key") &&
      ui.note(
        "plain",
        "Only complaints of one customer. ",
        h("a", { href: hrefTo("search", changed(params, { customer_key: null })) }, "Show all customers"),
      ),
    results(answer, request, query.split(/\s+/).filter(Boolean), signal),
  );
}

function periodOf(params, answer) {
  const last = params.get("to") || answer.indexed_to;
  const first = last && format.shiftDay(last, 1 - DEFAULT_DAYS);
  return { from: params.get("from") || (first < answer.indexed_from ? answer.indexed_from : first), to: last };
}

function results(answer, request, words, signal) {
  if (!answer.items.length) {
    return ui.empty(
      "Nothing found",
      words.length
        ? "No complaint in this period with these filters has these words. Try fewer words or a longer period."
        : "No complaint in this period with these filters.",
      h("a", { class: "button", href: hrefTo("search") }, "Start over"),
    );
  }
  const list = h("ol", { class: "complaints card" });
  const more = h("div", { class: "actions centre" });
  const state = h("p", { class: "muted", role: "status" });
  let listed = 0;
  const add = (page) => {
    listed += page.items.length;
    const items = page.items.map((item) => ui.complaintItem(item, words));
    list.append(...items);
    state.textContent = `${format.plural(page.total, "complaint")}; ${format.count(listed)} shown`;
    more.replaceChildren(...(page.next_cursor ? [ui.button(`Show ${PAGE} more`, () => next(page.next_cursor))] : []));
    return items[0];
  };
  const next = async (cursor) => {
    more.setAttribute("aria-busy", "true");
    try {
      const first = add(await ask("complaints", { params: changed(request, { cursor }), signal }));
      first.querySelector("a").focus();
    } catch (error) {
      if (error.name !== "AbortError") more.replaceChildren(ui.failure(error, () => next(cursor)));
    }
    more.removeAttribute("aria-busy");
  };
  add(answer);
  return [state, list, more];
}
