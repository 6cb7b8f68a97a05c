// The address holds the state of a screen, `#/trends?region=Lagos&grain=week`, so it can be shared and revisited.

export const FILTERS = ["channel", "region", "category", "subcategory", "product", "source"];
const KEPT = ["from", "to", ...FILTERS];

/** @returns {{page: string, id: string|null, params: URLSearchParams}} */
export function here() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [page, ...rest] = path.split("/");
  return {
    page: page || "overview",
    id: rest.length ? decodeURIComponent(rest.join("/")) : null,
    params: new URLSearchParams(query),
  };
}

/** The address of a page. `params` as for `ask`. */
export function hrefTo(page, params = {}) {
  const query = params instanceof URLSearchParams ? new URLSearchParams(params) : new URLSearchParams();
  if (!(params instanceof URLSearchParams)) {
    for (const [name, value] of Object.entries(params)) {
      for (const each of Array.isArray(value) ? value : [value]) {
        if (each !== null && each !== undefined && each !== "") query.append(name, each);
      }
    }
  }
  const text = query.toString();
  return `#/${page}${text ? `?${text}` : ""}`;
}

export const complaintHref = (id) => `#/complaints/${encodeURIComponent(id)}`;
export const incidentHref = (id) => `#/incidents/${encodeURIComponent(id)}`;

/** Period and filters only: what goes along from one page to the next. */
export function filtersOf(params) {
  const kept = new URLSearchParams();
  for (const name of KEPT) for (const value of params.getAll(name)) kept.append(name, value);
  return kept;
}

/** A copy with some names set anew (null removes; a list repeats). */
export function changed(params, changes) {
  const copy = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    copy.delete(name);
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined && each !== "") copy.append(name, each);
    }
  }
  return copy;
}

export function go(href) {
  location.hash = href;
}
