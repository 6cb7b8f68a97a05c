// What people were told of, and who has taken note.

import { ask } from "../api.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { changed, go, hrefTo, incidentHref } from "../route.js";
import { can, humanise } from "../session.js";
import * as ui from "../ui.js";

export async function render(context) {
  const { params, signal, redraw, announce } = context;
  const answer = await ask("alerts", { params: { state: params.get("state") }, signal });
  context.live = true;
  const { alerts } = answer;
  const states = [...new Set(["", ...(answer.states || ["open", "acknowledged", "resolved"])])];
  const problem = h("div", {});
  const acknowledge = async (alert) => {
    try {
      await ask(`alerts/${encodeURIComponent(idOf(alert))}/ack`, { method: "POST", body: {} });
      announce("Acknowledged");
      redraw();
    } catch (error) {
      problem.replaceChildren(ui.failure(error, () => acknowledge(alert)));
    }
  };
  return h("div", { class: "page" },
    ui.pageHead("Alerts", "What the platform noticed by itself. To acknowledge one tells the others that you look after it."),
    h("div", { class: "controls" }, ui.segmented("Which", states.map((state) => [state, state ? humanise(state) : "All"]), params.get("state") || "",
      (state) => go(hrefTo("alerts", changed(params, { state }))))),
    problem,
    alerts.length
      ? h("ul", { class: "cards alerts" }, alerts.map((alert) => h("li", { class: "card alert" },
        h("div", { class: "incident-head" }, alert.severity && ui.severityBadge(alert.severity), alert.state && ui.badge(humanise(alert.state), alert.state === "acknowledged" || alert.state === "resolved" ? "good" : "plain")),
        h("h2", {}, alert.title || humanise(alert.kind)),
        h("p", {}, alert.message || alert.meaning),
        alert.next_step && h("p", { class: "muted" }, `What to do: ${alert.next_step}`),
        h("p", { class: "complaint-facts" }, ui.facts([
          format.time(alert.created_at || alert.at), alert.source && humanise(alert.source), alert.acknowledged_by && `taken note of by ${alert.acknowledged_by}`,
        ])),
        h("div", { class: "actions" },
          can("acknowledge") && alert.state !== "acknowledged" && alert.state !== "resolved" && ui.button("Acknowledge", () => acknowledge(alert), { "data-focus": `ack:${idOf(alert)}` }),
          alert.incident_id && h("a", { class: "button quiet", href: incidentHref(alert.incident_id) }, "The incident")))))
      : ui.empty("No alerts", "Nothing needs attention."));
}

const idOf = (alert) => alert.alert_id || alert.id;
