// Numbers, times and comparisons for people, in English; times in the reporting time zone.

import { timeZone } from "./session.js";

const MISSING = "–";
const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });
const percents = new Intl.NumberFormat("en-GB", { style: "percent", maximumFractionDigits: 1 });
const wholePercents = new Intl.NumberFormat("en-GB", { style: "percent", maximumFractionDigits: 0 });
const compactNumber = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 });

const MINUTE = 1;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MINUTES = { seconds: 1 / 60, minutes: MINUTE, hours: HOUR, days: DAY };
const SHARES = new Set(["share", "ratio", "rate", "fraction", "probability"]);
const ALIKE = 0.005; // changes below half a percent are "the same"
const WORTH_A_COLOUR = 0.03; // smaller ones are said, not praised or blamed

export const count = (value) => (isMissing(value) ? MISSING : whole.format(value));
export const short = (value) => compactNumber.format(value);
export const decimal = (value) => (isMissing(value) ? MISSING : tenth.format(value));
export const percent = (value) => (isMissing(value) ? MISSING : percents.format(value));
export const isMissing = (value) => value === null || value === undefined || Number.isNaN(value);
export const isShare = (unit) => SHARES.has(unit);
export const isDuration = (unit) => unit in MINUTES;

/** A value of a metric, by its unit. */
export function measure(value, unit) {
  if (isMissing(value)) return MISSING;
  if (isShare(unit)) return percents.format(value);
  if (isDuration(unit)) return duration(value * MINUTES[unit]);
  return Number.isInteger(value) || Math.abs(value) >= 100 ? whole.format(value) : tenth.format(value);
}

/** The same for the axis of a chart, where there is little room. */
export function axisMeasure(value, unit) {
  if (isShare(unit)) return wholePercents.format(value);
  if (isDuration(unit)) return roundDuration(value * MINUTES[unit]);
  return compactNumber.format(value);
}

/** Minutes as `45 min`, `3 h 20 min`, `2 d 4 h`. */
export function duration(minutes) {
  const total = Math.round(minutes);
  if (total < HOUR) return `${total} min`;
  const [size, name, below, belowName] = total < DAY ? [HOUR, "h", MINUTE, "min"] : [DAY, "d", HOUR, "h"];
  const first = Math.floor(total / size);
  const rest = Math.floor((total % size) / below);
  return rest === 0 ? `${first} ${name}` : `${first} ${name} ${rest} ${belowName}`;
}

function roundDuration(minutes) {
  if (minutes < HOUR) return `${tenth.format(minutes)} min`;
  return minutes < 2 * DAY ? `${tenth.format(minutes / HOUR)} h` : `${tenth.format(minutes / DAY)} d`;
}

/**
 * How a value compares with the one before: words, direction, and whether that is good.
 * @returns {{text: string, direction: "up"|"down"|"same"|"unknown", good: boolean|null}}
 */
export function change(value, previous, { unit, better = null } = {}) {
  if (isMissing(value) || isMissing(previous)) return { text: "no earlier data", direction: "unknown", good: null };
  const difference = value - previous;
  const relative = previous ? difference / Math.abs(previous) : null;
  if (difference === 0 || (relative !== null && Math.abs(relative) < ALIKE)) {
    return { text: "about the same", direction: "same", good: null };
  }
  const direction = difference > 0 ? "up" : "down";
  const [more, less] = isDuration(unit)
    ? ["longer", "shorter"]
    : isShare(unit)
      ? ["points more", "points less"]
      : ["more", "fewer"];
  const word = direction === "up" ? more : less;
  let amount;
  if (isShare(unit)) amount = tenth.format(Math.abs(difference) * 100);
  else if (relative === null || Math.abs(relative) >= 9.995) amount = measure(Math.abs(difference), unit);
  else amount = wholePercents.format(Math.abs(relative));
  const isSmall = relative !== null && Math.abs(relative) < WORTH_A_COLOUR;
  const good = better === null || isSmall ? null : (better === "higher") === (direction === "up");
  return { text: `${amount} ${word}`, direction, good };
}

/** `9 Mar 2026`, from `2026-03-09`. */
export const day = (iso, options = {}) =>
  iso
    ? new Intl.DateTimeFormat("en-GB", {
        day: "numeric",
        month: "short",
        year: "numeric",
        timeZone: "UTC",
        ...options,
      }).format(new Date(`${iso.slice(0, 10)}T00:00:00Z`))
    : MISSING;

export const shortDay = (iso) => day(iso, { year: undefined });

export const weekday = (iso) => day(iso, { weekday: "short", year: undefined });

/** `10 Mar – 8 Apr 2026`. */
export function days(from, to) {
  if (!from || !to) return MISSING;
  if (from === to) return day(from);
  return from.slice(0, 4) === to.slice(0, 4) ? `${shortDay(from)} – ${day(to)}` : `${day(from)} – ${day(to)}`;
}

/** The label of a period of a grain. */
export function period(iso, grain, long = false) {
  if (iso === null || iso === undefined) return "All";
  if (grain === "month") return day(iso, { day: undefined, month: long ? "long" : "short" });
  if (grain === "week") return long ? `week of ${day(iso)}` : shortDay(iso);
  if (grain === "hour") return long ? time(iso) : time(iso, { year: undefined });
  return long ? weekday(iso) : shortDay(iso);
}

/** A point in time in the reporting zone: `21 Nov 2026, 17:25`. */
export const time = (iso, options = {}) =>
  iso
    ? new Intl.DateTimeFormat("en-GB", {
        day: "numeric",
        month: "short",
        year: "numeric",
        hour: "2-digit",
        minute: "2-digit",
        timeZone: timeZone(),
        ...options,
      }).format(new Date(iso))
    : MISSING;

export const clock = (iso) =>
  new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: timeZone() }).format(new Date(iso));

/** The day (`YYYY-MM-DD`) on which a point in time falls in the reporting zone. */
export const localDay = (iso) => new Intl.DateTimeFormat("en-CA", { timeZone: timeZone() }).format(new Date(iso));

/** `3 h ago`, `in 20 min`. */
export function ago(iso, now = Date.now()) {
  if (!iso) return "never";
  const minutes = (now - new Date(iso).getTime()) / 60_000;
  if (Math.abs(minutes) < 1) return "just now";
  return minutes > 0 ? `${duration(minutes)} ago` : `in ${duration(-minutes)}`;
}

/** Time between two points in time. */
export const between = (from, to) => duration((new Date(to) - new Date(from)) / 60_000);

/** `a, b and c`. */
export const list = (items) => new Intl.ListFormat("en-GB").format(items);

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** The zone and its distance from UTC: `Africa/Lagos (UTC+1)`. */
export function zone() {
  const name = timeZone();
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: name, timeZoneName: "shortOffset" }).formatToParts(
    new Date(),
  );
  const offset = parts.find((part) => part.type === "timeZoneName").value.replace("GMT", "UTC");
  return name === "UTC" ? "UTC" : `${name} (${offset})`;
}

/** Move a day by some days. */
export function shiftDay(iso, by) {
  const moved = new Date(`${iso}T00:00:00Z`);
  moved.setUTCDate(moved.getUTCDate() + by);
  return moved.toISOString().slice(0, 10);
}
