// The review queue: one complaint at a time, each of its likeliest categories on a key.
//
// A decision is held for a few seconds, so that it can be undone without a trace: corrections are
// append-only, and from fifty on they train the classifier. It is sent when the time is up, with the next
// decision, and when the page is left or closed.

import { ask } from "../api.js";
import { chooseCategory } from "../categories.js";
import { clear, h } from "../dom.js";
import * as format from "../format.js";
import { complaintHref, hrefTo } from "../route.js";
import { can, categoryOf, categoryTitle, titleOf } from "../session.js";
import * as ui from "../ui.js";

const AT_ONCE = 50;
const FEW = 10;
const HOLD_MS = 6_000;
const DECISIONS_LISTED = 8;
const TERMS = 6;

export async function render(context) {
  const queue = new Queue(context);
  await queue.fetch();
  context.setKeys(queue.keys());
  context.leave = () => queue.leave();
  return queue.root;
}

class Queue {
  constructor({ signal, announce }) {
    this.signal = signal;
    this.announce = announce;
    this.items = [];
    this.seen = new Set();
    this.waiting = 0;
    this.isAll = false;
    this.decided = [];
    this.held = null;
    this.problem = null;
    this.mayDecide = can("review");
    this.stage = h("div", { class: "review-stage" });
    this.side = h("div", { class: "review-side" });
    this.status = h("div", { class: "held", role: "status" });
    this.root = h(
      "div",
      { class: "page" },
      ui.pageHead(
        "Review queue",
        "Complaints whose category the classifier doubts, the most useful first. Each decision corrects its complaint; from fifty on they train the classifier.",
      ),
      h("div", { class: "review" }, h("div", {}, this.stage, this.status), this.side),
    );
    this.onPageHide = () => this.flush(true);
    window.addEventListener("pagehide", this.onPageHide);
  }

  keys() {
    const candidate = (number) => ({
      keys: String(number),
      title: `Choose category ${number}`,
      run: () => this.take(number - 1),
    });
    return [
      ...[1, 2, 3].map(candidate),
      { keys: "c", title: "Choose another category", run: () => this.choose() },
      {
        keys: "x",
        title: "Not a complaint",
        run: () => this.decide({ category: null, subcategory: null, is_complaint: false }),
      },
      { keys: "s", title: "Skip", run: () => this.skip() },
      { keys: "u", title: "Undo the last decision", run: () => this.undo() },
    ];
  }

  async fetch() {
    const answer = await ask("review", { params: { limit: AT_ONCE }, signal: this.signal });
    this.waiting = answer.waiting;
    this.isAll = answer.items.length < AT_ONCE;
    for (const item of answer.items) {
      if (this.seen.has(item.complaint_id)) continue;
      this.seen.add(item.complaint_id);
      this.items.push(item);
    }
    this.draw();
  }

  get current() {
    return this.items[0];
  }

  candidates() {
    return (this.current.alternatives || []).slice(0, 3);
  }

  take(number) {
    const candidate = this.current && this.candidates()[number];
    if (candidate)
      this.decide({ category: candidate.category, subcategory: candidate.subcategory ?? null, is_complaint: true });
  }

  async choose() {
    const item = this.current;
    if (!item || !this.mayDecide) return;
    const chosen = await chooseCategory();
    if (chosen && item === this.current) this.decide({ ...chosen, is_complaint: true });
    else this.stage.querySelector("button")?.focus();
  }

  decide(decision) {
    if (!this.current || !this.mayDecide) return;
    this.flush();
    const item = this.items.shift();
    this.held = { item, decision, timer: setTimeout(() => this.flush(), HOLD_MS) };
    this.problem = null;
    this.announce(`${decisionTitle(decision)}. Next: ${this.current ? this.current.text : "none"}`);
    this.refill();
    this.draw();
  }

  skip() {
    if (this.items.length < 2) return;
    this.items.push(this.items.shift());
    this.draw();
  }

  undo() {
    if (!this.held) return;
    clearTimeout(this.held.timer);
    this.items.unshift(this.held.item);
    this.held = null;
    this.announce(`Undone. ${this.current.text}`);
    this.draw();
  }

  /** Send what is held. */
  async flush(isLast = false) {
    if (!this.held) return;
    const { item, decision, timer } = this.held;
    clearTimeout(timer);
    this.held = null;
    const entry = { item, decision, state: "sending" };
    this.decided.unshift(entry);
    this.drawSide();
    try {
      await ask("corrections", {
        method: "POST",
        body: { complaint_id: item.complaint_id, ...decision },
        keepalive: isLast,
      });
      entry.state = "sent";
      this.waiting = Math.max(0, this.waiting - 1);
    } catch (error) {
      this.decided.splice(this.decided.indexOf(entry), 1);
      this.items.splice(1, 0, item); // not in place of the one that is being read: a key may be on its way
      this.problem = {
        title: `Not saved: ${decisionTitle(decision)}. It comes back after this complaint.`,
        error,
      };
    }
    this.draw();
  }

  async refill() {
    // The queue may have been replaced since: fetch once more before saying that it is empty.
    if (this.items.length > FEW || (this.isAll && this.current)) return;
    await this.fetch().catch(() => null); // what is there can be worked on; the next decision tries again
  }

  async lookAgain() {
    try {
      await this.fetch();
    } catch (error) {
      this.problem = { title: "The queue could not be loaded.", error };
      this.draw();
    }
  }

  leave() {
    window.removeEventListener("pagehide", this.onPageHide);
    this.flush(true);
  }

  draw() {
    const hadFocus = this.stage.contains(document.activeElement);
    clear(this.stage, this.current ? this.item() : this.nothing());
    if (hadFocus) this.stage.querySelector("button")?.focus();
    clear(this.status, this.problem ? this.failed() : this.held && this.heldLine());
    this.drawSide();
  }

  nothing() {
    return ui.empty(
      "The queue is empty",
      "The classifier is sure of everything else, or people have corrected it.",
      ui.button("Check again", () => this.lookAgain()),
      h("a", { class: "button", href: hrefTo("overview") }, "Overview"),
    );
  }

  heldLine() {
    return h(
      "p",
      { class: "held-line" },
      h("span", {}, h("strong", {}, decisionTitle(this.held.decision)), " chosen. "),
      ui.button([h("kbd", {}, "U"), " Undo"], () => this.undo(), { kind: "quiet" }),
    );
  }

  failed() {
    return h(
      "p",
      { class: "note bad", role: "alert" },
      `${this.problem.title} ${this.problem.error.message} ${this.problem.error.hint || ""}`,
    );
  }

  item() {
    const item = this.current;
    const candidates = this.candidates();
    const terms = ui.telling(item.terms, TERMS);
    const [winner, runnerUp] = candidates.map((each) => categoryTitle(each.category));
    return h(
      "article",
      { class: "card review-card", "aria-label": "Complaint to decide" },
      h(
        "p",
        { class: "complaint-facts" },
        ui.facts([
          format.time(item.occurred_at),
          titleOf("channel", item.channel),
          item.region || "no region given",
          item.product,
        ]),
      ),
      h("p", { class: "review-text" }, ui.marked(item.text || "(no text)", ui.asMarks(terms))),
      h(
        "ol",
        { class: "candidates" },
        candidates.map((candidate, number) =>
          h(
            "li",
            {},
            h(
              "button",
              { type: "button", class: "candidate", disabled: !this.mayDecide, on: { click: () => this.take(number) } },
              h("kbd", {}, number + 1),
              h(
                "span",
                { class: "candidate-words" },
                h("strong", {}, categoryTitle(candidate.category, candidate.subcategory)),
                h("span", { class: "muted small" }, definitionOf(candidate)),
              ),
              !format.isMissing(candidate.probability) &&
                h("span", { class: "candidate-share" }, format.percent(candidate.probability)),
            ),
          ),
        ),
      ),
      h(
        "div",
        { class: "actions" },
        ui.button([h("kbd", {}, "C"), " Another category"], () => this.choose(), { disabled: !this.mayDecide }),
        ui.button(
          [h("kbd", {}, "X"), " Not a complaint"],
          () => this.decide({ category: null, subcategory: null, is_complaint: false }),
          { disabled: !this.mayDecide },
        ),
        ui.button([h("kbd", {}, "S"), " Skip"], () => this.skip(), { kind: "quiet" }),
        h("a", { class: "button quiet", href: complaintHref(item.complaint_id) }, "History"),
      ),
      !this.mayDecide && ui.note("plain", "Your role may see the queue but not decide."),
      terms.length > 0 &&
        h(
          "div",
          { class: "why" },
          h("h2", {}, "What decided"),
          h(
            "ul",
            { class: "chips" },
            terms.map(({ term, weight }) =>
              h(
                "li",
                { class: `chip ${weight >= 0 ? "for" : "against"}` },
                term,
                h(
                  "span",
                  { class: "chip-words" },
                  weight >= 0 ? ` for ${winner || "the first"}` : ` for ${runnerUp || "the second"}`,
                ),
              ),
            ),
          ),
        ),
    );
  }

  drawSide() {
    const done = this.decided.filter((entry) => entry.state === "sent").length;
    const whole = done + this.waiting;
    clear(
      this.side,
      ui.card(
        "Progress",
        {},
        h(
          "p",
          { class: "progress-words" },
          h("strong", {}, format.count(done)),
          " decided, ",
          h("strong", {}, format.count(this.waiting)),
          " waiting",
        ),
        h("progress", { max: whole || 1, value: done, "aria-label": "Decided in this visit" }),
      ),
      this.decided.length > 0 &&
        ui.card(
          "Your decisions",
          { lead: "A later decision on a complaint replaces the earlier one" },
          h(
            "ol",
            { class: "decisions" },
            this.decided
              .slice(0, DECISIONS_LISTED)
              .map((entry) =>
                h(
                  "li",
                  {},
                  h("a", { href: complaintHref(entry.item.complaint_id) }, decisionTitle(entry.decision)),
                  h("span", { class: "muted small clip" }, entry.item.text),
                  entry.state === "sending" && h("span", { class: "muted small" }, "saving"),
                ),
              ),
          ),
        ),
    );
  }
}

const decisionTitle = (decision) =>
  decision.is_complaint ? categoryTitle(decision.category, decision.subcategory) : "Not a complaint";

function definitionOf({ category, subcategory }) {
  const found = categoryOf(category);
  const sub = found && found.subcategories.find((each) => each.name === subcategory);
  return (sub && sub.definition) || (found && found.definition) || "";
}
