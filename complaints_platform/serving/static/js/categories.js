// Choosing any category of the taxonomy: a box to type in, with the matches below it.

import { clear, h } from "./dom.js";
import { session } from "./session.js";

/**
 * Ask for a category. Resolves to `{category, subcategory}`, or to null when it was dismissed.
 * Arrow keys move, Enter takes, Escape dismisses.
 */
export function chooseCategory() {
  return new Promise((resolve) => {
    const options = everything();
    let fitting = options;
    let current = 0;
    const list = h("ul", { class: "picker-list", role: "listbox", id: "picker-list", "aria-label": "Categories" });
    const field = h("input", {
      type: "text",
      class: "picker-field",
      role: "combobox",
      "aria-expanded": "true",
      "aria-controls": "picker-list",
      "aria-autocomplete": "list",
      "aria-label": "Category",
      placeholder: "Type a few letters",
      spellcheck: "false",
      autocomplete: "off",
    });
    const dialog = h(
      "dialog",
      { class: "dialog picker", "aria-label": "Choose a category" },
      field,
      list,
      h(
        "p",
        { class: "muted small" },
        h("kbd", {}, "↑"),
        " ",
        h("kbd", {}, "↓"),
        " move, ",
        h("kbd", {}, "Enter"),
        " chooses, ",
        h("kbd", {}, "Esc"),
        " cancels",
      ),
    );
    let result = null;
    const take = (option) => {
      result = { category: option.category, subcategory: option.subcategory };
      dialog.close();
    };
    const show = () => {
      clear(
        list,
        fitting.length
          ? fitting.map((option, number) =>
              h(
                "li",
                {
                  role: "option",
                  id: `picker-${number}`,
                  class: option.subcategory ? "sub" : "",
                  "aria-selected": String(number === current),
                  on: { click: () => take(option) },
                },
                h("span", {}, option.title),
                h("span", { class: "muted small" }, option.definition),
              ),
            )
          : h(
              "li",
              { role: "option", "aria-disabled": "true", "aria-selected": "false" },
              "No category matches. Type less.",
            ),
      );
      if (fitting.length) field.setAttribute("aria-activedescendant", `picker-${current}`);
      list.children[current]?.scrollIntoView({ block: "nearest" });
    };
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      fitting = options.filter((option) => words.every((word) => option.searched.includes(word)));
      current = 0;
      show();
    });
    field.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && fitting.length) {
        event.preventDefault();
        current = (current + step + fitting.length) % fitting.length;
        show();
      } else if (event.key === "Enter" && fitting.length) {
        event.preventDefault();
        take(fitting[current]);
      }
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(result);
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    document.body.append(dialog);
    dialog.showModal();
    show();
    field.focus();
  });
}

function everything() {
  return session.taxonomy.categories.flatMap((category) => [
    optionOf(category.title, category.definition, category.name, null),
    ...category.subcategories.map((each) =>
      optionOf(`${category.title} › ${each.title}`, each.definition, category.name, each.name),
    ),
  ]);
}

const optionOf = (title, definition, category, subcategory) => ({
  title,
  definition,
  category,
  subcategory,
  searched: `${title} ${definition} ${category} ${subcategory || ""}`.toLowerCase(),
});
