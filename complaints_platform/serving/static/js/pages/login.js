// Logging in with a token.

import { ask } from "../api.js";
import { h } from "../dom.js";

export function renderLogin(done) {
  const field = h("input", {
    id: "token",
    type: "password",
    autocomplete: "current-password",
    required: true,
    spellcheck: "false",
    "aria-describedby": "token-hint token-error",
  });
  const problem = h("p", { class: "field-error", id: "token-error", role: "alert" });
  const submit = h("button", { type: "submit", class: "button primary" }, "Log in");
  async function logIn(event) {
    event.preventDefault();
    submit.disabled = true;
    problem.textContent = "";
    try {
      await ask("session", { method: "POST", body: { token: field.value.trim() } });
      done();
    } catch (error) {
      problem.textContent = [error.message, error.hint].filter(Boolean).join(" ");
      submit.disabled = false;
      field.select();
    }
  }
  return h(
    "div",
    { class: "login card" },
    h("h1", {}, "Log in"),
    h(
      "p",
      { class: "muted", id: "token-hint" },
      "With the token you were given. You stay logged in on this browser until you log out.",
    ),
    h("form", { on: { submit: logIn } }, h("label", { for: "token" }, "Token"), field, problem, submit),
  );
}
