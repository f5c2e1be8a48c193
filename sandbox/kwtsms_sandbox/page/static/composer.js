/** The composer: suggests commands, sends on Enter, and recalls the last line by the up arrow. */

import { fill, h, icon } from "./dom.js";
import { menu } from "./elements.js";
import { act, currentChannel } from "./place.js";
import { state } from "./state.js";
import { t } from "./texts.js";

const form = document.getElementById("composer-form");
const box = document.getElementById("composer");
const list = document.getElementById("suggestions");
const hint = document.getElementById("hint");
const HINT = t("Type / for commands. Press Enter to send, Shift+Enter for a new line, ↑ for your last line.");

let active = -1;
let sent = () => {};

/** Attaches the listeners; `onsent` is called when a line is being sent. */
export function startComposer(onsent) {
  sent = onsent;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  box.addEventListener("input", suggest);
  box.addEventListener("keydown", onkey);
  box.addEventListener("blur", () => setTimeout(hide, 150)); // Lets a click on a suggestion come first.
  box.addEventListener("focus", suggest);
}

/** Shows the channel that a line goes to, and the app's shortcuts. */
export function showComposer(channel) {
  const name = channel.is_dm ? state.app : `#${channel.name}`;
  box.placeholder = t("Message {name}, or type {command}", { name, command: "/sms" });
  box.ariaLabel = t("Message {name}", { name });
  const offered = state.offers.shortcuts.filter((one) => !one.on_message);
  const take = (one) => () => act("shortcut", { callback_id: one.callback_id });
  const items = offered.map((one) => ({ label: t(one.name), act: take(one) }));
  const begin = items.length ? menu(t("Shortcuts"), items, "shortcuts") : null;
  begin?.querySelector("summary").replaceChildren(icon("bolt"));
  fill(document.getElementById("shortcuts"), begin);
  suggest();
}

async function send() {
  const line = box.value.trim();
  if (!line) return;
  box.value = "";
  hide();
  const answer = act("write", { channel: currentChannel().id, line });
  sent();
  if (!(await answer) && !box.value && !wasTyped(line)) box.value = line;
}

/** Whether the last command in the list is this line, so that it reached the app. */
function wasTyped(line) {
  return [...state.typed.values()].at(-1)?.text === line;
}

/** Puts a line into the composer without sending it. */
export function offer(line) {
  box.value = line;
  box.focus();
  suggest();
}

/** Returns the commands that begin with the typed text; a completed command is not among them. */
function fitting() {
  const typed = box.value.toLowerCase();
  if (!typed.startsWith("/")) return [];
  const fits = ({ command }) => command.startsWith(typed.trimEnd()) && !typed.startsWith(`${command} `);
  return state.offers.commands.filter(fits);
}

/** Returns the command whose name is completely typed. */
function begun() {
  return state.offers.commands.find((one) => `${box.value} `.startsWith(`${one.command} `));
}

function suggest() {
  if (document.activeElement !== box) return hide();
  const found = fitting();
  active = -1;
  fill(list, found.map(suggestion));
  open(found.length > 0);
  hint.textContent = usage(begun()) ?? HINT;
}

function usage(one) {
  return one && [`${one.command} ${t(one.usage)}`.trim(), t(one.about)].filter(Boolean).join(" – ");
}

function suggestion(one, index) {
  const pick = (event) => {
    event.preventDefault(); // Keeps the focus in the composer.
    complete(one);
  };
  return h(
    "li",
    { role: "option", id: `suggestion-${index}`, "aria-selected": "false", onmousedown: pick },
    h("bdi", { dir: "ltr" }, h("b", {}, one.command), " ", h("span.usage", {}, t(one.usage))),
    h("span.about", {}, t(one.about)),
  );
}

function complete(one) {
  box.value = `${one.command} `;
  box.focus();
  suggest();
}

function open(isOpen) {
  list.hidden = !isOpen;
  box.setAttribute("aria-expanded", String(isOpen));
  if (!isOpen) box.removeAttribute("aria-activedescendant");
}

function hide() {
  active = -1;
  open(false);
  hint.textContent = HINT;
}

function onkey(event) {
  if (event.isComposing) return;
  const found = list.hidden ? [] : fitting();
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    if (found[active]) complete(found[active]);
    else send();
  } else if (found.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    point((active + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length);
  } else if (found.length && event.key === "Tab" && !event.shiftKey) {
    event.preventDefault();
    complete(found[Math.max(active, 0)]);
  } else if (event.key === "Escape") {
    hide();
  } else if (event.key === "ArrowUp" && !box.value) {
    event.preventDefault();
    box.value = [...state.typed.values()].at(-1)?.text ?? "";
  }
}

function point(index) {
  list.children[active]?.setAttribute("aria-selected", "false");
  active = index;
  list.children[active].setAttribute("aria-selected", "true");
  list.children[active].scrollIntoView({ block: "nearest" });
  box.setAttribute("aria-activedescendant", list.children[active].id);
}
