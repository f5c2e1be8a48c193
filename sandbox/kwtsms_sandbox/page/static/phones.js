/** The phones: one handset for each number that received a message. */

import { fill, h, reconcile } from "./dom.js";
import { state } from "./state.js";
import { moment, plural, t } from "./texts.js";

const pane = document.getElementById("phones");
const tabs = document.getElementById("numbers");
const title = document.getElementById("sender");
const number = document.getElementById("number");
const thread = document.getElementById("thread");
const time = document.getElementById("phone-time");

let chosen = "";
const seen = new Map(); // By number: how many messages it had when it was last shown.

/** Starts the phone's clock. */
export function startPhones() {
  const tick = () => { time.textContent = hour(new Date()); };
  tick();
  setInterval(tick, 10_000);
}

/** Counts all messages as seen, for another user. */
export function forgetPhones() {
  chosen = "";
  seen.clear();
  for (const phone of state.phones.values()) seen.set(phone.number, count(phone));
}

/** Shows the phones, and switches to the one with a new message unless the focus is on a phone. */
export function showPhones() {
  const phones = [...state.phones.values()];
  const latest = phones.reduce((last, one) => (last && when(last) > when(one) ? last : one), undefined);
  for (const one of seen.keys()) if (!state.phones.has(one)) seen.delete(one);
  const reading = pane.contains(document.activeElement);
  const isNew = latest && count(latest) > (seen.get(latest.number) ?? 0);
  if (!state.phones.has(chosen) || (isNew && !reading)) chosen = latest?.number ?? "";
  const phone = state.phones.get(chosen);
  if (phone) seen.set(phone.number, count(phone));
  showTabs(phones);
  showThread(phone);
  return isNew;
}

/** Returns a number as people write it. */
export function pretty(digits) {
  const kuwaiti = /^965(\d{4})(\d{4})$/.exec(digits);
  return kuwaiti ? `+965 ${kuwaiti[1]} ${kuwaiti[2]}` : `+${digits}`;
}

function count(phone) {
  return phone.first + phone.sms.length;
}

function when(phone) {
  return Date.parse(phone.sms.at(-1).at);
}

function hour(at) {
  return moment(at, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

function showTabs(phones) {
  tabs.hidden = phones.length < 2;
  const items = phones.map((phone) => {
    const selected = phone.number === chosen;
    const fresh = count(phone) - (seen.get(phone.number) ?? 0);
    return { key: phone.number, version: `${selected} ${fresh}`, draw: () => tab(phone, selected, fresh) };
  });
  reconcile(tabs, items);
  tabs.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function tab(phone, selected, fresh) {
  const badge = fresh > 0 ? h("span.badge", { "aria-label": plural(fresh, "1 new message", "{count} new messages") }, String(fresh)) : null;
  return h(
    "button.tab",
    {
      type: "button",
      role: "tab",
      "aria-selected": String(selected),
      "aria-controls": "handset",
      tabindex: selected ? 0 : -1,
      "data-focus": phone.number,
      onclick: () => choose(phone.number),
      onkeydown: beside,
    },
    h("bdi", { dir: "ltr" }, pretty(phone.number)),
    badge,
  );
}

function choose(one) {
  chosen = one;
  showPhones();
}

/** Moves between the tabs by the arrow keys. */
function beside(event) {
  const ahead = getComputedStyle(tabs).direction === "rtl" ? -1 : 1;
  const step = { ArrowRight: ahead, ArrowLeft: -ahead }[event.key];
  if (!step) return;
  const numbers = [...state.phones.keys()];
  choose(numbers[(numbers.indexOf(chosen) + step + numbers.length) % numbers.length]);
  tabs.querySelector("[aria-selected=true]").focus();
}

function showThread(phone) {
  document.getElementById("handset").classList.toggle("idle", !phone);
  if (!phone) return;
  title.textContent = phone.sms.at(-1).sender;
  fill(number, h("bdi", { dir: "ltr" }, pretty(phone.number)));
  if (thread.dataset.number !== phone.number) thread.replaceChildren();
  thread.dataset.number = phone.number;
  reconcile(thread, phone.sms.map((sms, index) => ({
    key: String(phone.first + index),
    version: "as received",
    draw: () => bubble(sms, phone.sms[index - 1]),
  })));
  thread.scrollTop = thread.scrollHeight;
}

function bubble(sms, before) {
  const from = before && before.sender !== sms.sender ? h("p.from", { dir: "auto" }, t("From {sender}", { sender: sms.sender })) : null;
  const pages = plural(sms.pages, "1 page", "{count} pages");
  const about = h("p.about", {}, h("time", { datetime: sms.at }, hour(new Date(sms.at))), ` · ${pages}`);
  return h("div.sms", {}, from, h("p.bubble", { dir: "auto" }, sms.text), about);
}
