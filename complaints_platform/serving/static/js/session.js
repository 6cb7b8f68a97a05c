// What holds for the whole visit: the user, the names of categories, and the pulse of the data
// (its time, what is late, what is waiting), which is fetched every minute.

import { ask } from "./api.js";

export const session = { me: null, taxonomy: null, metrics: null, pulse: null };

/** Fetch the user, the taxonomy, the metrics and the pulse. */
export async function open() {
  session.me = await ask("me");
  const [taxonomy, { metrics }, pulse] = await Promise.all([ask("taxonomy"), ask("metrics"), ask("overview")]);
  Object.assign(session, { taxonomy, metrics, pulse });
}

export async function takePulse() {
  session.pulse = await ask("overview");
  return session.pulse;
}

/** The metric of a name, if the service knows it. */
export const metricOf = (name) => session.metrics.find((metric) => metric.name === name);

/** The filters that complaints can be counted by. */
export const countedBy = (names) => names.filter((name) => metricOf("complaints").dimensions.includes(name));

/** Whether the user's role includes a right. */
export const can = (right) => session.me.rights.includes(right);

export const timeZone = () => (session.me && session.me.time_zone) || "UTC";

export function categoryOf(name) {
  return session.taxonomy.categories.find((category) => category.name === name);
}

/** The title of a category, and of its subcategory if given. */
export function categoryTitle(name, subcategory) {
  if (!name) return "No category";
  const category = categoryOf(name);
  const title = (category && category.title) || humanise(name);
  if (!subcategory) return title;
  const found = category && category.subcategories.find((each) => each.name === subcategory);
  return `${title} › ${(found && found.title) || humanise(subcategory)}`;
}

export function subcategoryTitle(name) {
  for (const category of session.taxonomy.categories) {
    const found = category.subcategories.find((each) => each.name === name);
    if (found) return found.title || humanise(name);
  }
  return humanise(name);
}

/** The title of a value of a dimension. */
export function titleOf(dimension, value) {
  if (value === null || value === undefined || value === "(none)") return NONE[dimension] || "None";
  if (dimension === "category") return categoryTitle(value);
  if (dimension === "subcategory") return subcategoryTitle(value);
  if (dimension === "channel" || dimension === "source") return humanise(value);
  return String(value);
}

export const DIMENSIONS = {
  channel: "Channel",
  region: "Region",
  category: "Category",
  subcategory: "Subcategory",
  product: "Product",
  source: "Source",
};

export const PLURALS = {
  channel: "channels",
  region: "regions",
  category: "categories",
  subcategory: "subcategories",
  product: "products",
  source: "sources",
};

const NONE = { region: "No region given", product: "No product given", subcategory: "No subcategory" };
const WHOLE_WORDS = { sms: "SMS", mms: "MMS", sim: "SIM", tv: "TV", vas: "VAS" };

/** `call_centre` → `Call centre`. */
export function humanise(name) {
  const words = String(name)
    .split("_")
    .map((word) => WHOLE_WORDS[word] || word);
  words[0] = words[0].charAt(0).toUpperCase() + words[0].slice(1);
  return words.join(" ");
}
