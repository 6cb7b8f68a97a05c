// Creating elements. All text from data goes through here and becomes a text node: nothing in the
// dashboard parses HTML.

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "hidden", "open", "indeterminate"]);

/**
 * Make an element.
 * @param {string} tag
 * @param {object} [props] attributes; `on` holds listeners by event, `style` CSS properties, `class` the classes.
 *   null, undefined and false leave an attribute out.
 * @param {...(Node|string|number|null|undefined|false|Array)} children strings become text nodes
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  apply(element, props || {});
  append(element, children);
  return element;
}

/** Make an SVG element; attributes and children as for `h`. */
export function svg(tag, props = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  apply(element, props);
  append(element, children);
  return element;
}

/** An icon of `icons.svg`, hidden from screen readers: the words beside it say what it means. */
export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `static/icons.svg#${name}` }));
}

export function clear(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

function apply(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "style") {
      // By property, never as an attribute: the content security policy forbids style attributes.
      for (const [property, setting] of Object.entries(value)) element.style.setProperty(property, setting);
    } else if (PROPERTIES.has(name)) {
      element[name] = value;
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child instanceof Node ? child : String(child));
  }
}
