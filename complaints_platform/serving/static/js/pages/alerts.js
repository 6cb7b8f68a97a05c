// What the platform noticed by itself, who was notified, and who has acknowledged it.

import { ask } from "../api.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { changed, go, hrefTo } from "../route.js";
import { can, humanise } from "../session.js";
import * as ui from "../ui.js";

const CHOICES = [
  ["all", "All"],
  ["open", "Open"],
  ["unacknowledged", "Unacknowledged"],
  ["resolved", "Resolved"],
];
const CHECKED_LATELY_MS = 10 * 60_000; // the platform checks every half minute
const STATES = { open: ["Open", "bad"], resolved: ["Resolved", "good"], happened: ["For information", "plain"] };

export async function render(context) {
  const { params, signal } = context;
  const state = CHOICES.some(([name]) => name === params.get("state")) ? params.get("state") : "all";
  const { alerts, receivers, looked_at: lookedAt } = await ask("alerts", { params: { state }, signal });
  context.live = true;
  const failing = (receivers || []).filter((receiver) => receiver.failures > 0);
  const isWatched = Boolean(lookedAt) && Date.now() - new Date(lookedAt).getTime() <= CHECKED_LATELY_MS;
  return h(
    "div",
    { class: "page" },
    ui.pageHead(
      "Alerts",
      "What the platform noticed by itself in the last 30 days. Acknowledge an alert to tell others that you are dealing with it.",
    ),
    h(
      "div",
      { class: "controls" },
      ui.segmented("Which", CHOICES, state, (value) => go(hrefTo("alerts", changed(params, { state: value })))),
    ),
    !isWatched &&
      ui.note(
        "warn",
        `The platform has not checked for problems ${lookedAt ? `since ${format.time(lookedAt)}` : "yet"}, so this list may be incomplete. An operator should start Dagster's daemon.`,
      ),
    failing.map((receiver) =>
      ui.note(
        "warn",
        `${receiver.receiver} has failed ${format.plural(receiver.failures, "time")} in a row, last at ${format.time(receiver.at)}. Its notifications are kept and sent when it works again.`,
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
      : ui.empty(state === "all" ? "No alerts" : "No such alerts", isWatched && "Nothing needs attention."),
  );
}

function one(alert, { redraw, announce }) {
  const problem = h("div", { role: "status" });
  const acknowledge = async () => {
    try {
      await ask(`alerts/${encodeURIComponent(alert.id)}/ack`, { method: "POST", body: {} });
      announce("Acknowledged");
      redraw();
    } catch (error) {
      problem.replaceChildren(ui.note("bad", `Not acknowledged: ${error.message} ${error.hint || ""}`));
    }
  };
  const [words, kind] = STATES[alert.state] || [humanise(alert.state), "plain"];
  const notified = [
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
        notified.length > 0 && `notified: ${format.list(notified)}`,
        alert.waiting && "waiting to be sent",
        alert.acknowledged && `acknowledged by ${alert.acknowledged.by}, ${format.time(alert.acknowledged.at)}`,
      ]),
    ),
    h(
      "div",
      { class: "actions" },
      can("acknowledge") &&
        alert.state === "open" &&
        !alert.acknowledged &&
        ui.button("Acknowledge", acknowledge, {
          "data-focus": `ack:${alert.id}`,
          "aria-label": `Acknowledge: ${alert.title}`,
        }),
      alert.kind === "incident" && h("a", { class: "button quiet", href: hrefTo("incidents") }, "See incidents"),
    ),
    problem,
  ];
}
