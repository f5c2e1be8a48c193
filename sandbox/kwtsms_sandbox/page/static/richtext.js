/** Renders rich_text blocks: their text is shown letter for letter, and never read as mark-up. */

import { h } from "./dom.js";
import { date, emoji, link, mention } from "./mrkdwn.js";
import { person, state } from "./state.js";

const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u", highlight: "mark" };

/** Returns the nodes of a rich_text block. */
export function richText(block) {
  return block.elements.map((part) => PARTS[part.type](part));
}

const PARTS = {
  rich_text_section: (part) => h("p", { dir: "auto" }, inline(part)),
  rich_text_quote: (part) => h("blockquote", { dir: "auto" }, inline(part)),
  rich_text_preformatted: (part) => h("pre", { dir: "auto" }, inline(part)),
  rich_text_list: (part) => {
    const items = part.elements.map((item) => h("li", { dir: "auto" }, inline(item)));
    const start = part.offset ? part.offset + 1 : null;
    return part.style === "ordered" ? h("ol", { start }, items) : h("ul", {}, items);
  },
};

function inline(part) {
  return part.elements.map((element) => styled(PIECES[element.type](element), element.style ?? {}));
}

function styled(node, style) {
  return Object.entries(STYLES).reduce((inner, [name, tag]) => (style[name] ? h(tag, {}, inner) : inner), node);
}

const PIECES = {
  text: (piece) => piece.text,
  link: (piece) => link(piece.url, piece.text || piece.url),
  emoji: (piece) => emoji(piece.name),
  user: (piece) => mention("@", person(piece.user_id).real_name),
  usergroup: (piece) => mention("@", state.groups[piece.usergroup_id] ?? piece.usergroup_id),
  channel: (piece) => mention("#", state.channels.find((one) => one.id === piece.channel_id)?.name ?? piece.channel_id),
  broadcast: (piece) => mention("@", piece.range),
  date: (piece) => date(piece.timestamp, piece.format, piece.fallback ?? ""),
  color: (piece) => h("code", {}, piece.value),
};
