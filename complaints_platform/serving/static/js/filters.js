// The bar of period and filters. Choices go into the address, and so to every page and every shared link.

import { ask } from "./api.js";
import { clear, h, icon } from "./dom.js";
import * as format from "./format.js";
import { changed, go, hrefTo } from "./route.js";
import { DIMENSIONS, PLURALS, countedBy, session, titleOf } from "./session.js";

const PRESETS = [
  [1, "Day"],
  [7, "7 days"],
  [30, "30 days"],
  [90, "90 days"],
  [365, "Year"],
];
const SEARCHABLE = 9; // longer lists get a box to narrow them
const NONE = "(none)";
const MOST_VALUES = 500;

/**
 * @param {string} page where the choice leads
 * @param {URLSearchParams} params what is chosen now
 * @param {object} period what the service took: {from, to}
 * @param {string[]} dimensions which filters are offered
 */
export function filterBar(page, params, period, dimensions) {
  const choose = (changes) => go(hrefTo(page, changed(params, { ...changes, cursor: null })));
  const active = dimensions.filter((name) => params.getAll(name).length);
  return h(
    "div",
    { class: "filters", role: "group", "aria-label": "Period and filters" },
    periodMenu(period, params, choose),
    dimensions.map((name) => filterMenu(name, params.getAll(name), (values) => choose({ [name]: values }))),
    active.length || params.has("from")
      ? h(
          "button",
          {
            type: "button",
            class: "button quiet",
            "data-focus": "filter:reset",
            on: {
              click: () =>
                choose({ from: null, to: null, ...Object.fromEntries(dimensions.map((name) => [name, null])) }),
            },
          },
          "Reset",
        )
      : null,
  );
}

function periodMenu(period, params, choose) {
  const last = session.pulse.to;
  const from = h("input", { type: "date", id: "period-from", value: period.from || "" });
  const to = h("input", { type: "date", id: "period-to", value: period.to || "" });
  const problem = h("p", { class: "field-error", role: "alert", hidden: true });
  const apply = () => {
    const wrong =
      !from.value || !to.value
        ? "Enter both days."
        : from.value > to.value
          ? "The first day is after the last."
          : null;
    problem.hidden = !wrong;
    problem.textContent = wrong || "";
    if (!wrong) choose({ from: from.value, to: to.value });
    return !wrong;
  };
  return menu(
    "period",
    h(
      "span",
      {},
      h("span", { class: "sr-only" }, "Period: "),
      period.from ? format.days(period.from, period.to) : "All days",
    ),
    params.has("from"),
    (close) => [
      h(
        "div",
        { class: "presets" },
        PRESETS.map(([length, title]) =>
          h(
            "button",
            {
              type: "button",
              class: "button",
              on: {
                click: () => {
                  close();
                  choose({ from: format.shiftDay(last, 1 - length), to: last });
                },
              },
            },
            title,
          ),
        ),
      ),
      h("p", { class: "muted small" }, `Counted back from ${format.day(last)}, the newest day with data.`),
      h(
        "form",
        {
          class: "period-form",
          on: {
            submit: (event) => {
              event.preventDefault();
              if (apply()) close();
            },
          },
        },
        h("label", { for: "period-from" }, "First day", from),
        h("label", { for: "period-to" }, "Last day", to),
        problem,
        h("button", { type: "submit", class: "button primary" }, "Apply"),
      ),
    ],
  );
}

function filterMenu(name, chosen, choose) {
  const title = DIMENSIONS[name];
  const label =
    chosen.length === 0
      ? title
      : chosen.length === 1
        ? `${title}: ${titleOf(name, chosen[0])}`
        : `${title}: ${chosen.length} chosen`;
  return menu(name, label, chosen.length > 0, async (close) => {
    const values = await valuesOf(name).catch(() => []);
    const picked = new Set(chosen);
    const options = [...new Set([...values, ...chosen])];
    const list = h("ul", { class: "options" });
    const show = (wanted) =>
      clear(
        list,
        options
          .filter((value) => titleOf(name, value).toLowerCase().includes(wanted.toLowerCase()))
          .map((value) =>
            h(
              "li",
              {},
              h(
                "label",
                { class: "option" },
                h("input", {
                  type: "checkbox",
                  checked: picked.has(value),
                  on: { change: (event) => (event.target.checked ? picked.add(value) : picked.delete(value)) },
                }),
                titleOf(name, value),
              ),
            ),
          ),
      );
    show("");
    return h(
      "form",
      {
        on: {
          submit: (event) => {
            event.preventDefault();
            close();
            choose([...picked]);
          },
        },
      },
      options.length >= SEARCHABLE &&
        h("input", {
          type: "search",
          class: "narrow",
          placeholder: `Search ${options.length} ${PLURALS[name]}`,
          "aria-label": `Find ${PLURALS[name]}`,
          on: { input: (event) => show(event.target.value) },
        }),
      options.length
        ? h("fieldset", {}, h("legend", { class: "sr-only" }, title), list)
        : h("p", { class: "muted" }, "No values in this period."),
      h(
        "div",
        { class: "menu-foot" },
        h(
          "button",
          {
            type: "button",
            class: "button quiet",
            on: {
              click: () => {
                close();
                choose([]);
              },
            },
          },
          "All",
        ),
        h("button", { type: "submit", class: "button primary" }, "Apply"),
      ),
    );
  });
}

/** What a filter can be set to: the taxonomy's names, or the values of the newest days, the most frequent first. */
async function valuesOf(name) {
  const { taxonomy, pulse } = session;
  if (name === "category") return taxonomy.categories.map((category) => category.name);
  if (name === "subcategory")
    return taxonomy.categories.flatMap((category) => category.subcategories.map((each) => each.name));
  if (name === "source") return pulse.freshness.map((each) => each.source);
  if (pulse[`by_${name}`]) return pulse[`by_${name}`].map((row) => row[name] ?? NONE);
  if (!countedBy([name]).length) return [];
  const { rows } = await ask("metrics/complaints", { params: { by: name, limit: MOST_VALUES } });
  return rows.sort((one, other) => other.value - one.value).map((row) => row[name] ?? NONE);
}

/** A button with a panel below it. Escape and a click elsewhere close it without a change. */
function menu(name, label, active, content) {
  const id = `filter-${name}`;
  const panel = h("div", { class: "menu-panel", id, hidden: true });
  const opener = h(
    "button",
    {
      type: "button",
      class: `button filter ${active ? "active" : ""}`,
      "aria-expanded": "false",
      "aria-controls": id,
      "data-focus": `filter:${name}`,
    },
    label,
    icon("down"),
  );
  const outside = (event) => {
    if (!wrapper.contains(event.target)) close(false);
  };
  const close = (focus = true) => {
    panel.hidden = true;
    panel.replaceChildren();
    opener.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside);
    if (focus) opener.focus();
  };
  const open = async () => {
    const parts = await content(close);
    clear(panel, parts);
    panel.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", outside);
    panel.querySelector("input, button").focus();
  };
  opener.addEventListener("click", () => (panel.hidden ? open() : close()));
  const wrapper = h(
    "div",
    {
      class: "menu",
      on: {
        keydown: (event) => {
          if (event.key === "Escape" && !panel.hidden) {
            event.stopPropagation();
            close();
          }
        },
        focusout: (event) => {
          if (event.relatedTarget && !wrapper.contains(event.relatedTarget) && !panel.hidden) close(false);
        },
      },
    },
    opener,
    panel,
  );
  return wrapper;
}
