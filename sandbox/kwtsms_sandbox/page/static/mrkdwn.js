/** Renders Slack's mark-up as text nodes and a few elements, never HTML. Unknown mark-up stays text. */

import { h, icon } from "./dom.js";
import { person, state } from "./state.js";
import { moment } from "./texts.js";

const SAFE_LINK = /^(https?:\/\/|mailto:|tel:)/i;

/** Emoji characters by name; those in `DRAWN` have an icon in the sprite. */
const EMOJI = {
  arrows_counterclockwise: "🔄", bell: "🔔", bar_chart: "📊", black_circle: "⚫", calling: "📲", chart_with_upwards_trend: "📈",
  eyes: "👀", gear: "⚙️", hourglass_flowing_sand: "⏳", information_source: "ℹ️", iphone: "📱",
  large_blue_circle: "🔵", large_green_circle: "🟢", large_yellow_circle: "🟡", lock: "🔒", mag: "🔍",
  moneybag: "💰", no_entry: "⛔", question: "❓", red_circle: "🔴", rotating_light: "🚨", tada: "🎉",
  warning: "⚠️", white_check_mark: "✅", white_circle: "⚪", x: "❌",
};
const DRAWN = new Set([
  "bar_chart", "bell", "black_circle", "chart_with_upwards_trend", "hourglass_flowing_sand", "information_source", "iphone",
  "large_blue_circle", "large_green_circle", "large_yellow_circle", "lock", "mag", "moneybag", "no_entry",
  "question", "red_circle", "rotating_light", "warning", "white_check_mark", "white_circle", "x",
]);

/** Returns the nodes of a text with mark-up; unless `verbatim`, a bare web address becomes a link. */
export function mrkdwn(text, { verbatim = false } = {}) {
  const inline = (piece) => parse(piece, verbatim ? INLINE : [...INLINE, BARE_LINK]);
  return parse(text, [FENCE], (prose) => quoted(prose, inline));
}

/** Returns the nodes of a text in which only emoji names are replaced, or nothing if `emoji` is false. */
export function plainText(text, { emoji: named = true } = {}) {
  return parse(text, named ? [EMOJI_NAME] : [], (piece) => [piece]);
}

/** Returns the nodes of a text object of either kind. */
export function textObject(object) {
  if (!object) return [];
  return object.type === "mrkdwn" ? mrkdwn(object.text, object) : plainText(object.text, object);
}

/** Renders an emoji by its name. */
export function emoji(name) {
  if (!Object.hasOwn(EMOJI, name)) return `:${name}:`;
  const label = name.replaceAll("_", " ");
  if (DRAWN.has(name)) return icon(name, { label, kind: "emoji" });
  return h("span.emoji", { role: "img", "aria-label": label }, EMOJI[name]);
}

/** Renders a link if its scheme is safe; otherwise its text. */
export function link(url, label) {
  if (!SAFE_LINK.test(url)) return h("span", {}, label === url ? url : `${label} (${url})`);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, label);
}

/** Renders a mention of a user, group or channel. */
export function mention(sign, name) {
  return h("bdi.mention", {}, sign + name);
}

/** Returns a time in the reader's time zone, in Slack's date format. */
export function date(seconds, format, fallback) {
  const at = new Date(Number(seconds) * 1000);
  if (Number.isNaN(at.getTime())) return fallback;
  const show = (options) => moment(at, options);
  return format.replace(/\{(\w+)\}/g, (token, name) => (Object.hasOwn(DATES, name) ? show(DATES[name]) : token));
}

const DATES = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { dateStyle: "long" },
  date_short: { day: "numeric", month: "short", year: "numeric" },
  date_long: { dateStyle: "full" },
  date_pretty: { dateStyle: "long" },
  date_short_pretty: { day: "numeric", month: "short" },
  time: { timeStyle: "short" },
  time_secs: { timeStyle: "medium" },
};

// Each rule is a pattern and a function that makes a node of a match.
const FENCE = [/```\n?([\s\S]*?)\n?```/g, (match) => h("pre", { dir: "auto" }, words(match[1]))];
const EMOJI_NAME = [/:([a-z0-9_+-]+):/g, (match) => emoji(match[1])];
const BARE_LINK = [/https?:\/\/[^\s<>|]+/gi, (match) => link(unescape(match[0]), unescape(match[0]))];
const INLINE = [
  [/`([^`\n]+)`/g, (match) => h("code", {}, words(match[1]))],
  [/<([^<>\n]+)>/g, (match) => token(match[1])],
  style("*", "strong"),
  style("_", "em"),
  style("~", "s"),
  EMOJI_NAME,
];

function style(sign, tag) {
  const mark = `[${sign}]`;
  const edge = `[\\p{L}\\p{N}_${sign}]`; // Inside a word, or doubled, the sign is plain text.
  const pattern = `(?<!${edge})${mark}(?! )([^${sign}\\n]+?)(?<! )${mark}(?!${edge})`;
  return [new RegExp(pattern, "gu"), (match) => h(tag, {}, parse(match[1], INLINE))];
}

/** Splits a text at the earliest match of any rule, repeatedly; `leaf` makes nodes of the rest. */
function parse(text, rules, leaf = (piece) => [unescape(piece)]) {
  const nodes = [];
  const found = rules.map(() => undefined);
  let at = 0;
  for (;;) {
    const first = earliest(text, rules, found, at);
    if (!first) break;
    const [match, make] = first;
    if (match.index > at) nodes.push(...leaf(text.slice(at, match.index)));
    nodes.push(make(match));
    at = match.index + match[0].length;
  }
  if (at < text.length) nodes.push(...leaf(text.slice(at)));
  return nodes;
}

/** Returns the next match at or after `at`, and its function; `found` caches each rule's match. */
function earliest(text, rules, found, at) {
  let best = null;
  rules.forEach(([pattern, make], index) => {
    if (found[index] === undefined || (found[index] && found[index].index < at)) {
      pattern.lastIndex = at;
      found[index] = pattern.exec(text);
    }
    if (found[index] && (!best || found[index].index < best[0].index)) best = [found[index], make];
  });
  return best;
}

/** Groups lines that begin with >, escaped or not, into quotations. */
function quoted(prose, inline) {
  const nodes = [];
  const groups = prose.match(/(?:^(?:&gt;|>).*\n?)+|[^]+?(?=^(?:&gt;|>)|$(?![^]))/gm) ?? [];
  for (const group of groups) {
    if (!/^(&gt;|>)/.test(group)) nodes.push(...inline(group));
    else nodes.push(h("blockquote", { dir: "auto" }, inline(group.trimEnd().replace(/^(&gt;|>) ?/gm, ""))));
  }
  return nodes;
}

/** Renders the text between < and >: a mention, a date or a link. */
function token(inside) {
  const [target, ...labels] = inside.split("|");
  const label = unescape(labels.join("|"));
  if (target[0] === "@") return mention("@", nameOf(target.slice(1), label));
  if (target[0] === "#") return mention("#", label || channelName(target.slice(1)));
  if (target.startsWith("!subteam^")) return mention("@", groupName(target.slice(9), label));
  if (target.startsWith("!date^")) return date(target.split("^")[1], target.split("^")[2] ?? "", label);
  if (target[0] === "!") return mention("@", label || target.slice(1));
  const url = unescape(target);
  return link(url, label || url.replace(/^(mailto|tel):/, ""));
}

/** Returns code as plain text: mentions and links in it are readable, but not active. */
function words(text) {
  const rule = [/<([^<>\n]+)>/g, (match) => token(match[1])];
  return h("span", {}, parse(text, [rule])).textContent;
}

function nameOf(id, label) {
  return state.people.has(id) ? person(id).real_name : label || id;
}

function channelName(id) {
  return state.channels.find((channel) => channel.id === id)?.name ?? id;
}

function groupName(id, label) {
  return state.groups[id] ?? (label.replace(/^@/, "") || id);
}

/** Replaces the three entities by their characters, in one pass. */
function unescape(text) {
  return text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);
}
