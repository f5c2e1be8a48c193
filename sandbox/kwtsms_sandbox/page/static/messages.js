/** The messages of a channel, and the commands that were typed in it. */

import { showBlocks } from "./blocks.js";
import { h, icon, reconcile } from "./dom.js";
import { menu } from "./elements.js";
import { mrkdwn, plainText } from "./mrkdwn.js";
import { act, plainError } from "./place.js";
import { person, state } from "./state.js";
import { moment, plural, t } from "./texts.js";

const NEAR_THE_END = 120; // Pixels from the end within which new messages are scrolled to.

let following = true; // False once the user has scrolled up.

/** Attaches the listeners that keep the list scrolled to its end. */
export function startMessages(list) {
  list.addEventListener("scroll", () => {
    following = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_THE_END;
  });
  new ResizeObserver(() => follow(list)).observe(list);
}

/** Updates the list to show a channel; `jump` scrolls to its end. */
export function showMessages(list, channel, { jump = false } = {}) {
  following ||= jump;
  const items = [...roots(channel), ...typedLines(channel)].sort((a, b) => (a.ts < b.ts ? -1 : 1));
  reconcile(list, items.length ? items : [empty(channel)]);
  follow(list);
}

function follow(list) {
  if (following) list.scrollTop = list.scrollHeight;
}

/** Returns the time of a message as "14:05". */
export function clock(ts) {
  return moment(new Date(Number(ts) * 1000), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** Renders a user's avatar: initials on a colour that follows from the id. */
export function avatar(who) {
  if (who.is_bot) return h("span.avatar.bot", { "aria-hidden": "true" }, icon("app"));
  const initials = who.real_name.split(/\s+/).slice(0, 2).map((word) => [...word][0]).join("");
  const node = h("span.avatar", { "aria-hidden": "true" }, initials);
  node.style.setProperty("--hue", hue(who.id));
  return node;
}

function hue(id) {
  return ([...id].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) * 137) % 360;
}

function roots(channel) {
  const all = [...state.messages.values()].filter((one) => one.channel === channel.id);
  const replies = Map.groupBy(all.filter((one) => isReply(one, all)), (one) => one.thread_ts);
  return all
    .filter((one) => !isReply(one, all))
    .map((one) => item(one, (replies.get(one.ts) ?? []).sort((a, b) => (a.ts < b.ts ? -1 : 1))));
}

function isReply(message, all) {
  const { ts, thread_ts: root } = message;
  return Boolean(root) && root !== ts && all.some((one) => one.ts === root);
}

function item(message, replies) {
  const version = [message, ...replies].map((one) => `${one.ts}.${one.revision}`).join(" ");
  return { ts: message.ts, key: message.ts, version, draw: () => article(message, replies) };
}

function article(message, replies = []) {
  const who = person(message.user);
  const head = h(
    "header",
    {},
    h("bdi.author", {}, who.real_name),
    who.is_bot ? h("span.tag", {}, t("app")) : null,
    h("time", { datetime: new Date(Number(message.ts) * 1000).toISOString() }, clock(message.ts)),
    message.is_edited ? h("span.edited", {}, t("(edited)")) : null,
  );
  const seen = message.is_ephemeral ? h("p.ephemeral", {}, icon("eye"), t("Only visible to you")) : null;
  const body = h("div.content", {}, seen, head, content(message), shortcuts(message));
  if (replies.length) body.append(h("div.replies", {}, replies.map((one) => article(one))));
  const node = h(message.is_ephemeral ? "article.message.only-you" : "article.message", {}, avatar(who), body);
  node.dataset.ts = message.ts;
  return node;
}

function content(message) {
  const surface = {
    press: (block, element, value) =>
      act("press", {
        channel: message.channel,
        ts: message.ts,
        block_id: block.block_id,
        action_id: element.action_id,
        value,
      }),
  };
  const box = h("div.blocks");
  if (message.blocks.length) showBlocks(box, message.blocks, surface);
  else if (message.text) box.append(h("div.text", { dir: "auto" }, mrkdwn(message.text)));
  return [box, message.attachments.map((one) => attachment(one, surface)), message.files.map(file)];
}

function attachment(attached, surface) {
  const node = h("div.attachment");
  if (attached.blocks?.length) showBlocks(node, attached.blocks, surface);
  else {
    const title = attached.title ? h("strong", { dir: "auto" }, plainText(attached.title)) : null;
    node.append(h("div.text", { dir: "auto" }, title, mrkdwn(attached.text ?? attached.fallback ?? "")));
  }
  return node;
}

function file({ id, name, bytes }) {
  const size = bytes < 1024 ? plural(bytes, "1 byte", "{count} bytes") : t("{size} KB", { size: Math.round(bytes / 1024) });
  const properties = { href: `/files/${encodeURIComponent(id)}`, download: name };
  return h("a.file", properties, icon("file"), h("bdi", {}, name), h("span.about", {}, size));
}

function shortcuts(message) {
  const offered = state.offers.shortcuts.filter((one) => one.on_message);
  if (!offered.length || message.is_ephemeral) return null;
  const { channel, ts } = message;
  const take = (one) => () => act("shortcut", { callback_id: one.callback_id, channel, ts });
  const items = offered.map((one) => ({ label: t(one.name), act: take(one) }));
  return menu(t("Message shortcuts"), items, `shortcuts ${ts}`);
}

function typedLines(channel) {
  return [...state.typed.values()]
    .filter((line) => line.channel === channel.id)
    .map((line) => ({ ts: line.ts, key: `typed-${line.number}`, version: `${line.took}`, draw: () => typed(line) }));
}

/** Renders a typed command with its outcome. Slack itself does not show typed commands. */
function typed(line) {
  const outcome = line.error
    ? h("span.bad", {}, plainError(line.error))
    : h("span.about", {}, line.took === null ? t("Sending…") : t("Received by the bot in {count} ms", { count: line.took }));
  const words = h("p", {}, h("code", { dir: "auto" }, line.text), outcome);
  return h("div.typed", {}, icon("typed", { label: t("You typed") }), words);
}

function empty(channel) {
  const words = channel.is_dm ? t("No messages yet.") : t("This is the beginning of {channel}.", { channel: `#${channel.name}` });
  return { ts: "", key: "empty", version: channel.id, draw: () => h("p.empty", {}, words) };
}
