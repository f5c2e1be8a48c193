/** The gateway's pane: credits left, the request log, and the menu of faults. */

import { fill, h, reconcile } from "./dom.js";
import { act } from "./place.js";
import { state } from "./state.js";
import { moment, plural, t } from "./texts.js";

const credits = document.getElementById("credits");
const unit = document.getElementById("credits-unit");
const account = document.getElementById("account");
const delta = document.getElementById("delta");
const menu = document.getElementById("bad-day");
const log = document.getElementById("log");
const nothing = document.getElementById("log-empty");

let last = null;

/** Attaches the listeners to the buttons. */
export function startGateway() {
  document.getElementById("top-up").addEventListener("click", () => act("top-up"));
  menu.addEventListener("change", () => {
    if (menu.value) act("bad-day", { fault: menu.value });
    else act("mend");
  });
}

/** Fills the menu with the faults that the server offers. */
export function showBadDays() {
  const options = state.offers.bad_days.map((day) => h("option", { value: day.fault }, t("Next send: {outcome}", { outcome: t(day.words) })));
  fill(menu, h("option", { value: "" }, t("Next send: as usual")), options);
  last = null;
}

/** Shows the current credits and log. */
export function showGateway() {
  account.textContent = state.account.name;
  showCredits(Number(state.account.credits));
  showBadDay();
  const rows = [...state.requests.values()].sort((a, b) => b.number - a.number);
  nothing.hidden = rows.length > 0;
  reconcile(log, rows.map((one) => ({ key: String(one.number), version: JSON.stringify(one), draw: () => row(one) })));
}

function showCredits(now) {
  credits.textContent = new Intl.NumberFormat("en").format(now);
  unit.textContent = plural(now, "credit", "credits");
  if (last !== null && now !== last) {
    const change = now - last;
    const sign = change > 0 ? "+" : "−";
    fill(delta, h(change > 0 ? "span.more" : "span.less", {}, `${sign}${Math.abs(change)}`));
  }
  last = now;
}

function showBadDay() {
  const offered = state.offers.bad_days.map((day) => day.fault);
  menu.value = state.account.waiting.find((fault) => offered.includes(fault)) ?? "";
  menu.classList.toggle("set", Boolean(menu.value));
}

function row(one) {
  const details = about(one);
  return h(
    "tr",
    {},
    h("td.at", {}, h("time", { datetime: one.at }, clock(one.at))),
    h("td.endpoint", {}, one.endpoint),
    h(details.length ? "td.what" : "td.what.nothing", {}, details.length ? details : "–"),
    h("td.outcome", {}, h(`span.chip.${tone(one)}`, {}, outcome(one))),
    h("td.credits", {}, one.credits ?? ""),
  );
}

function outcome({ outcome: code, state: now }) {
  if (code === null) return "…";
  const words = t(state.offers.outcomes[code]?.label ?? code);
  return ["test", "stuck", "queued", "deleted"].includes(now) ? `${words} · ${t(now)}` : words;
}

/** Returns the facts of a request, and what went wrong with it. */
function about({ about: { sender, to, more, length, message_id: id, is_test: test }, outcome: code }) {
  const facts = [
    `${sender}${to.length ? ` → ${to.join(", ")}` : ""}`.trim(),
    more ? plural(more, "1 more number", "{count} more numbers") : "",
    length === null ? "" : plural(length, "1 character", "{count} characters"),
    id ? `${id}…` : "",
    test ? t("test") : "",
    t(state.offers.outcomes[code]?.about ?? ""),
  ];
  const shown = facts.filter(Boolean).map((fact) => h("bdi", {}, fact));
  return shown.flatMap((fact, index) => (index ? [" · ", fact] : [fact]));
}

function tone({ outcome: code, state: now }) {
  if (code === null) return "open";
  if (now === "stuck") return "warn";
  if (code === "OK") return "good";
  return code.startsWith("ERR") ? "bad" : "warn";
}

function clock(at) {
  return moment(new Date(at), { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}
