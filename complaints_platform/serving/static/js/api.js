// Requests to the query service. Its errors become `ApiError`, with what to do about them.

const BASE = "api/v1/";
const MANIFEST = "X-Manifest";

export class ApiError extends Error {
  constructor(status, code, message, hint) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

let manifest = null;

/** The state of the tables by which the newest answer was given. */
export const newestManifest = () => manifest;

/**
 * Ask for a path below `/api/v1/`.
 * @param {string} path
 * @param {object} [options]
 * @param {URLSearchParams|object} [options.params] lists repeat their name; null and "" are left out
 * @param {object} [options.body] sent as JSON
 */
export async function ask(path, { params, method = "GET", body, signal, keepalive } = {}) {
  const query = queryOf(params);
  let response;
  try {
    response = await fetch(BASE + path + (query ? `?${query}` : ""), {
      method,
      signal,
      keepalive,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body ? JSON.stringify(body) : undefined,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(
      0,
      "unreachable",
      "The query service does not answer.",
      "Check the connection, and that `complaints serve` is running; then try again.",
    );
  }
  manifest = response.headers.get(MANIFEST) || manifest;
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  const { code, message, hint } = (answer && answer.error) || {};
  const error = new ApiError(
    response.status,
    code || "failed",
    message || `The query service answered with status ${response.status}.`,
    hint || (response.status >= 500 ? "Try again in a moment." : null),
  );
  if (response.status === 401) document.dispatchEvent(new CustomEvent("signed-out", { detail: error }));
  throw error;
}

export function queryOf(params) {
  if (params instanceof URLSearchParams) return params.toString();
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params || {})) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined && each !== "") query.append(name, each);
    }
  }
  return query.toString();
}
