/** The sidebar: channels to open, and users to act as. */

import { h, icon, reconcile } from "./dom.js";
import { avatar } from "./messages.js";
import { currentChannel, go } from "./place.js";
import { appChannel, state } from "./state.js";
import { t } from "./texts.js";

const apps = document.getElementById("apps");
const channels = document.getElementById("channels");
const people = document.getElementById("people");

const LANGUAGES = { en: "English", ar: "العربية" }; // Each in its own language, as language menus have it.
const seen = new Map(); // By channel: the last message that was shown.

for (const tab of document.querySelectorAll("[data-tab]")) {
  tab.addEventListener("click", () => go({ tab: tab.dataset.tab }));
}

/** Counts all messages as seen, for another user. */
export function forgetUnread() {
  seen.clear();
  for (const channel of state.channels) seen.set(channel.id, newest(channel));
}

/** Shows the current lists. */
export function showSidebar() {
  const here = currentChannel();
  const app = appChannel();
  seen.set(here.id, newest(here));
  reconcile(apps, [row(app, state.app, state.online ? "online" : "offline", here)]);
  reconcile(channels, state.channels.filter((one) => one !== app).map((one) => row(one, one.name, "", here)));
  const actors = [...state.people.values()].filter((one) => !one.is_bot);
  channels.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  reconcile(people, actors.map((one) => ({
    key: one.id,
    version: String(one.id === state.me),
    draw: () => actor(one),
  })));
}

function newest(channel) {
  const there = [...state.messages.values()].filter((one) => one.channel === channel.id && one.user !== state.me);
  return there.reduce((last, one) => (one.ts > last ? one.ts : last), "");
}

function row(channel, name, presence, here) {
  const isHere = channel === here;
  const unread = !isHere && newest(channel) > (seen.get(channel.id) ?? "");
  const version = `${isHere} ${unread} ${presence}`;
  return { key: channel.id, version, draw: () => entry({ channel, name, presence, isHere, unread }) };
}

function entry({ channel, name, presence, isHere, unread }) {
  const tab = channel.is_dm ? "home" : "messages";
  const dot = presence ? h(`span.presence.${presence}`, { role: "img", "aria-label": t(presence) }) : null;
  const news = unread ? h("span.unread", { role: "img", "aria-label": t("New messages") }) : null;
  const look = unread ? "button.entry.fresh" : "button.entry";
  const place = { type: "button", "aria-current": isHere ? "page" : null, "data-focus": channel.id };
  const act = { onclick: () => go({ channel: channel.id, tab }) };
  return h("li", {}, h(look, { ...place, ...act }, icon(channel.is_dm ? "app" : "hash"), name, dot, news));
}

function actor(one) {
  const about = [one.standing && t(one.standing), LANGUAGES[one.language]].filter(Boolean).join(" · ");
  const properties = {
    type: "button",
    title: `${one.real_name}: ${about}`,
    "aria-label": `${one.real_name}, ${about}`,
    "aria-pressed": String(one.id === state.me),
    "data-focus": one.id,
    onclick: () => go({ person: one.id }),
  };
  const words = h("span.who", {}, h("bdi", {}, one.real_name), h("span.about", {}, about));
  return h("li", {}, h("button.entry.actor", properties, avatar(one), words));
}
