// Single-key shortcuts, and the overlay that lists them. They can be turned off (for speech input,
// which types what it hears), and never fire while somebody is typing.

import { clear, h } from "./dom.js";

const OFF = "keys-off";
const CHORD_MS = 1200;
const WRITES = "input, textarea, select, [contenteditable]";

const everywhere = [];
let ofPage = [];
let chord = null;
let dialog = null;

/** Add shortcuts for every page. Entries: `{keys: "g o", title, run}`; two keys are pressed one after the other. */
export const addKeys = (...entries) => everywhere.push(...entries);

/** Set the shortcuts of the current page. */
export function setPageKeys(entries) {
  ofPage = entries;
}

export const keysAreOn = () => localStorage.getItem(OFF) === null;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest(WRITES) && !isToggle(event.target)) return;
  if (document.querySelector("dialog[open]") || !keysAreOn()) return;
  const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const sequence = chord ? `${chord} ${pressed}` : pressed;
  const entries = [...ofPage, ...everywhere];
  const found = entries.find((entry) => entry.keys === sequence) || entries.find((entry) => entry.keys === pressed);
  chord = null;
  if (found) {
    event.preventDefault();
    found.run();
  } else if (entries.some((entry) => entry.keys.startsWith(`${pressed} `))) {
    chord = pressed;
    setTimeout(() => {
      chord = null;
    }, CHORD_MS);
  }
});

const isToggle = (element) => element.matches("input[type=checkbox], input[type=radio]");

/** List the shortcuts. */
export function showHelp() {
  if (!dialog) {
    dialog = h("dialog", { class: "dialog", "aria-labelledby": "keys-title" });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    document.body.append(dialog);
  }
  const list = (title, entries) =>
    entries.length > 0 && [
      h("h3", {}, title),
      h(
        "dl",
        { class: "keys" },
        entries.map((entry) =>
          h(
            "div",
            {},
            h(
              "dt",
              {},
              entry.keys.split(" ").map((key) => h("kbd", {}, key)),
            ),
            h("dd", {}, entry.title),
          ),
        ),
      ),
    ];
  const toggle = h("input", {
    type: "checkbox",
    checked: keysAreOn(),
    on: { change: (event) => (event.target.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "yes")) },
  });
  clear(
    dialog,
    h(
      "div",
      { class: "dialog-head" },
      h("h2", { id: "keys-title" }, "Keyboard shortcuts"),
      h("button", { type: "button", class: "button quiet", on: { click: () => dialog.close() } }, "Close"),
    ),
    list("On this page", ofPage),
    list("Everywhere", everywhere),
    h("label", { class: "option" }, toggle, "Use keyboard shortcuts"),
  );
  dialog.showModal();
}
