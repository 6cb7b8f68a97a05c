// The frame: navigation, the state of the data above every page, and the current page.

import { ApiError, ask, newestManifest } from "./api.js";
import { recolour, sweep } from "./charts.js";
import { clear, h, icon } from "./dom.js";
import * as format from "./format.js";
import { addKeys, setPageKeys, showHelp } from "./keys.js";
import { renderLogin } from "./pages/login.js";
import { filtersOf, go, here, hrefTo } from "./route.js";
import { can, open, session, takePulse } from "./session.js";
import { failure, pageHead, skeleton } from "./ui.js";

const PULSE_MS = 60_000;
const PAGES = [
  { name: "overview", title: "Overview", key: "o", load: () => import("./pages/overview.js"), filtered: true },
  { name: "trends", title: "Trends", key: "t", load: () => import("./pages/trends.js"), filtered: true },
  { name: "incidents", title: "Incidents", key: "i", load: () => import("./pages/incidents.js"), count: openIncidents },
  {
    name: "service",
    title: "Response & resolution",
    key: "r",
    load: () => import("./pages/service.js"),
    filtered: true,
  },
  {
    name: "review",
    title: "Review queue",
    key: "q",
    load: () => import("./pages/review.js"),
    right: "review",
    count: (pulse) => pulse.review_waiting,
  },
  {
    name: "search",
    title: "Search",
    key: "s",
    load: () => import("./pages/search.js"),
    right: "complaints",
    filtered: true,
  },
  { name: "alerts", title: "Alerts", key: "a", load: () => import("./pages/alerts.js") },
  { name: "quality", title: "Data quality", key: "d", load: () => import("./pages/quality.js") },
];
const COMPLAINT = {
  name: "complaints",
  title: "Complaint",
  load: () => import("./pages/complaint.js"),
  right: "complaints",
  within: "search",
};
const THEMES = { auto: "as the system", light: "light", dark: "dark" };

const main = document.getElementById("main");
const nav = document.getElementById("nav");
const topbar = document.getElementById("topbar");
const shell = document.getElementById("shell");
let current = { page: null, id: null, manifest: null, leave: null };
let running = null;

function openIncidents(pulse) {
  return pulse.incidents.filter((incident) => incident.open).length;
}

const isOffered = (page) => !page.right || can(page.right);

async function start() {
  clear(main, skeleton());
  try {
    await open();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return;
    clear(
      main,
      pageHead("Complaints"),
      failure(error, () => location.reload()),
    );
    return;
  }
  shell.classList.remove("signed-out");
  nameKeys();
  showFrame();
  window.addEventListener("hashchange", () => show());
  setInterval(pulse, PULSE_MS);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) pulse();
  });
  await show();
}

function nameKeys() {
  addKeys(
    ...PAGES.filter(isOffered).map((page) => ({
      keys: `g ${page.key}`,
      title: `Go to ${page.title}`,
      run: () => go(hrefTo(page.name)),
    })),
    { keys: "/", title: "Search complaints", run: focusSearch },
    { keys: "f", title: "Go to the filters", run: () => main.querySelector(".filters button")?.focus() },
    { keys: "l", title: "Light, dark or as the system", run: nextTheme },
    { keys: "?", title: "Show keyboard shortcuts", run: showHelp },
  );
}

function focusSearch() {
  const field = main.querySelector("input[type=search]");
  if (field) field.focus();
  else go(hrefTo("search", filtersOf(here().params)));
}

// The frame

function showFrame() {
  const { page } = here();
  const kept = filtersOf(here().params);
  clear(
    nav,
    h(
      "ul",
      {},
      PAGES.filter(isOffered).map((entry) => {
        const number = entry.count && session.pulse ? entry.count(session.pulse) : 0;
        const current = entry.name === page || (page === COMPLAINT.name && COMPLAINT.within === entry.name);
        return h(
          "li",
          {},
          h(
            "a",
            {
              href: hrefTo(entry.name, entry.filtered ? kept : {}),
              "aria-current": current ? "page" : null,
              "data-focus": `nav:${entry.name}`,
            },
            icon(entry.name),
            h("span", { class: "nav-title" }, entry.title),
            number > 0 &&
              h(
                "span",
                { class: `nav-count ${entry.name === "incidents" ? "bad" : ""}` },
                format.short(number),
                h("span", { class: "sr-only" }, entry.name === "incidents" ? " open" : " waiting"),
              ),
          ),
        );
      }),
    ),
    h(
      "div",
      { class: "side-foot" },
      h("p", {}, `Version ${session.me.version}`),
      h("p", {}, `Role: ${session.me.role.replace("_", " ")}`),
    ),
  );
  clear(
    topbar,
    freshness(),
    h(
      "div",
      { class: "top-actions" },
      themeButton(),
      h(
        "button",
        { type: "button", class: "icon-button", title: "Keyboard shortcuts (?)", on: { click: showHelp } },
        icon("help"),
        h("span", { class: "sr-only" }, "Show keyboard shortcuts"),
      ),
      session.me.role === "local"
        ? null
        : h(
            "button",
            { type: "button", class: "icon-button", title: "Log out", on: { click: logOut } },
            icon("out"),
            h("span", { class: "sr-only" }, "Log out"),
          ),
    ),
  );
}

function freshness() {
  const { as_of: asOf, to, freshness: sources, looked_at: lookedAt } = session.pulse;
  const named = (some) => format.list(some.map((source) => source.source.replaceAll("_", " ")));
  const late = sources.filter((source) => source.late);
  const silent = sources.filter((source) => !source.last_received_at);
  const state = !lookedAt
    ? "Sources: not known yet"
    : late.length
      ? `Late: ${named(late)}`
      : silent.length
        ? `Nothing yet from ${named(silent)}`
        : `All ${format.count(sources.length)} sources on time`;
  return h(
    "p",
    { class: "as-of" },
    h(
      "a",
      { class: `fresh ${late.length || silent.length || !lookedAt ? "warn" : "good"}`, href: hrefTo("quality") },
      h("span", { class: "pip", "aria-hidden": "true" }),
      state,
    ),
    asOf && h("span", { class: "as-of-time" }, "As of ", h("time", { datetime: asOf }, format.time(asOf))),
    h("span", { class: "as-of-more" }, to ? `data to ${format.day(to)}` : "no data yet"),
    h("span", { class: "as-of-more" }, format.zone()),
  );
}

function themeButton() {
  const theme = document.documentElement.dataset.theme;
  return h(
    "button",
    {
      type: "button",
      class: "icon-button",
      title: `Appearance: ${THEMES[theme]}`,
      "data-focus": "theme",
      on: { click: nextTheme },
    },
    icon(theme),
    h("span", { class: "sr-only" }, `Appearance: ${THEMES[theme]}. Change`),
  );
}

function nextTheme() {
  const names = Object.keys(THEMES);
  const theme = names[(names.indexOf(document.documentElement.dataset.theme) + 1) % names.length];
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
  keepFocus(showFrame);
  recolour();
  announce(`Appearance: ${THEMES[theme]}`);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);

async function logOut() {
  await ask("session", { method: "DELETE" }).catch(() => null);
  location.reload();
}

const menu = document.getElementById("menu");
menu.addEventListener("click", () => setMenu(menu.getAttribute("aria-expanded") !== "true"));
nav.addEventListener("click", () => setMenu(false));

function setMenu(open) {
  menu.setAttribute("aria-expanded", String(open));
  nav.classList.toggle("open", open);
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the hash of the address is the page
  main.focus();
});

// Pages

/** Show the page that the address names. The same page with other filters stays until the new response arrives. */
async function show({ quietly = false } = {}) {
  if (running) running.abort();
  const abort = new AbortController();
  running = abort;
  const { page: name, id, params } = here();
  const page = name === COMPLAINT.name ? COMPLAINT : PAGES.find((each) => each.name === name) || PAGES[0];
  const isNew = current.page !== page.name || current.id !== id;
  if (!quietly && current.leave) {
    current.leave();
    current.leave = null;
  }
  if (isNew) {
    setPageKeys([]);
    clear(main, skeleton());
    window.scrollTo(0, 0);
  }
  main.setAttribute("aria-busy", "true");
  keepFocus(showFrame);
  const context = {
    params,
    id,
    signal: abort.signal,
    redraw: () => show(),
    announce,
    setKeys: setPageKeys,
    leave: null,
  };
  let content;
  try {
    const { render } = await page.load();
    content = await render(context);
  } catch (error) {
    if (abort.signal.aborted || error.name === "AbortError") return;
    if (error.status === 401) return;
    content = h(
      "div",
      {},
      pageHead(page.title),
      failure(error, () => show()),
    );
  }
  if (abort.signal.aborted) return;
  const put = () => {
    clear(main, content);
  };
  if (isNew) put();
  else keepFocus(put);
  main.removeAttribute("aria-busy");
  sweep();
  const title = main.querySelector("h1")?.textContent || page.title;
  document.title = `${title} – Complaints`;
  if (isNew && current.page !== null) main.querySelector("h1")?.focus({ preventScroll: true });
  if (!quietly) announce(isNew ? title : `${title}: updated`);
  current = { page: page.name, id, manifest: newestManifest(), leave: context.leave, live: context.live };
}

/** Do something that replaces elements, and give the focus to the one that takes the place of the focused one. */
function keepFocus(change) {
  const key = document.activeElement?.dataset?.focus;
  change();
  if (key) document.querySelector(`[data-focus="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

function announce(text) {
  document.getElementById("announcer").textContent = text;
}

/** Once a minute: what is new? Pages without input are refreshed when the tables have changed. */
async function pulse() {
  if (document.hidden || !session.pulse) return;
  try {
    await takePulse();
  } catch {
    return; // the next one may succeed; until then the top of the page shows how old the data is
  }
  keepFocus(showFrame);
  const isBusy = document.querySelector("dialog[open], .menu-panel:not([hidden])") || main.hasAttribute("aria-busy");
  if (current.live && newestManifest() !== current.manifest && !isBusy) await show({ quietly: true });
}

document.addEventListener("signed-out", () => {
  if (shell.classList.contains("signed-out")) return;
  if (current.leave) current.leave();
  shell.classList.add("signed-out");
  clear(nav);
  clear(topbar);
  clear(
    main,
    renderLogin(() => location.reload()),
  );
  main.removeAttribute("aria-busy");
  main.querySelector("input").focus();
});

start();
