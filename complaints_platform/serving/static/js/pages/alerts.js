// What the platform noticed by itself, who was told, and who has taken note.

import { ask } from "../api.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { changed, go, hrefTo } from "../route.js";
import { can, humanise } from "../session.js";
import * as ui from "../ui.js";

const CHOICES = [
  ["all", "All"],
  ["open", "Open"],
  ["unacknowledged", "Open, nobody has taken note"],
  ["resolved", "Resolved"],
];
const LOOKED_LATELY_MS = 10 * 60_000; // the platform looks every half minute
const STATES = { open: ["Open", "bad"], resolved: ["Resolved", "good"], happened: ["For information", "plain"] };

export async function render(context) {
  const { params, signal } = context;
  const state = CHOICES.some(([name]) => name === params.get("state")) ? params.get("state") : "all";
  const { alerts, receivers, looked_at: lookedAt } = await ask("alerts", { params: { state }, signal });
  context.live = true;
  const failing = (receivers || []).filter((receiver) => receiver.failures > 0);
  const isWatched = Boolean(lookedAt) && Date.now() - new Date(lookedAt).getTime() <= LOOKED_LATELY_MS;
  return h(
    "div",
    { class: "page" },
    ui.pageHead(
      "Alerts",
      "What the platform noticed by itself in the last 30 days. Taking note of one tells the others that you look after it.",
    ),
    h(
      "div",
      { class: "controls" },
      ui.segmented("Which", CHOICES, state, (value) => go(hrefTo("alerts", changed(params, { state: value })))),
    ),
    !isWatched &&
      ui.note(
        "warn",
        `Nobody has looked for what is wrong ${lookedAt ? `since ${format.time(lookedAt)}` : "yet"}: what is not listed here may be wrong all the same. Whoever operates the platform starts Dagster's daemon.`,
      ),
    failing.map((receiver) =>
      ui.note(
        "warn",
        `${receiver.receiver} has not answered ${format.plural(receiver.failures, "time")}, last tried ${format.time(receiver.at)}. What it should hear is kept and sent when it answers again.`,
      ),
    ),
    alerts.length
      ? h(
          "ul",
          { class: "cards" },
          alerts.map((alert) =>
            h("li", { class: `card alert ${alert.state === "open" ? "open" : ""}` }, one(alert, context)),
          ),
        )
      : ui.empty(state === "all" ? "No alerts" : "None of these", isWatched && "Nothing needs attention."),
  );
}

function one(alert, { redraw, announce }) {
  const problem = h("div", { role: "status" });
  const acknowledge = async () => {
    try {
      await ask(`alerts/${encodeURIComponent(alert.id)}/ack`, { method: "POST", body: {} });
      announce("Noted");
      redraw();
    } catch (error) {
      problem.replaceChildren(ui.note("bad", `Not noted: ${error.message} ${error.hint || ""}`));
    }
  };
  const [words, kind] = STATES[alert.state] || [humanise(alert.state), "plain"];
  const told = [
    ...new Set((alert.deliveries || []).filter((delivery) => delivery.delivered).map((delivery) => delivery.receiver)),
  ];
  return [
    h("div", { class: "incident-head" }, ui.severityBadge(alert.severity), ui.badge(words, kind)),
    h("h2", {}, alert.title),
    h("p", {}, alert.text),
    h("p", { class: "muted" }, alert.meaning),
    alert.state === "open" && alert.next_step && h("p", {}, h("strong", {}, "What to do: "), alert.next_step),
    h(
      "p",
      { class: "complaint-facts" },
      ui.facts([
        `since ${format.time(alert.opened_at)}`,
        alert.changed_at !== alert.opened_at && `changed ${format.time(alert.changed_at)}`,
        alert.source && humanise(alert.source),
        alert.day && format.day(alert.day),
        told.length > 0 && `told: ${format.list(told)}`,
        alert.waiting && "waits to be sent",
        alert.acknowledged && `${alert.acknowledged.by} has taken note, ${format.time(alert.acknowledged.at)}`,
      ]),
    ),
    h(
      "div",
      { class: "actions" },
      can("acknowledge") &&
        alert.state === "open" &&
        !alert.acknowledged &&
        ui.button("I take note", acknowledge, {
          "data-focus": `ack:${alert.id}`,
          "aria-label": `I take note of: ${alert.title}`,
        }),
      alert.kind === "incident" && h("a", { class: "button quiet", href: hrefTo("incidents") }, "The incidents"),
    ),
    problem,
  ];
}
