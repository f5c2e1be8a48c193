/**
 * Renders Block Kit blocks. A block that the page cannot show is replaced by a note.
 *
 * A `surface` connects blocks to a message or view: { press(block, element, value), change(block, element, value),
 * value(block, element), errors }. A message has no values and no errors.
 */

import { chart, dataTable, table } from "./data.js";
import { h, icon, reconcile } from "./dom.js";
import { element, initialValue } from "./elements.js";
import { link, plainText, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { t } from "./texts.js";

let count = 0; // Fields drawn so far, for unique ids.

/** Updates the container to show these blocks; unchanged ones keep their nodes. */
export function showBlocks(container, blocks, surface) {
  const items = blocks.map((block, index) => {
    const error = surface.errors?.[block.block_id] ?? "";
    return {
      key: String(block.block_id ?? index),
      version: JSON.stringify([block, error]),
      draw: () => drawBlock(block, surface, error),
    };
  });
  reconcile(container, items);
}

function drawBlock(block, surface, error = "") {
  try {
    const draw = Object.hasOwn(BLOCKS, block.type) ? BLOCKS[block.type] : unknown;
    return draw(block, surface, error);
  } catch {
    return unknown(block);
  }
}

function unknown(block) {
  return h("p.unknown", {}, t("This page can't show “{type}”.", { type: block.type }));
}

const BLOCKS = {
  header: (block) => h("h3.block-header", { dir: "auto" }, textObject(block.text)),
  divider: () => h("hr"),
  section,
  context,
  actions: (block, surface) => h("div.actions", {}, block.elements.map((one) => control(block, one, surface))),
  input,
  image: (block) => image(block.alt_text, block.title, block.image_url),
  rich_text: (block) => h("div.rich", {}, richText(block)),
  markdown: (block) => h("div.rich", { dir: "auto" }, plainText(block.text)),
  alert: (block) => h(`div.alert.${block.level ?? "default"}`, { role: "note", dir: "auto" }, textObject(block.text)),
  card,
  carousel: (block, surface) => h("div.carousel", {}, block.elements.map((one) => drawBlock(one, surface))),
  container: group,
  table,
  data_table: dataTable,
  data_visualization: chart,
};

/** Renders an interactive element outside an input block: using it notifies the app. */
function control(block, model, surface) {
  const value = surface.value?.(block, model) ?? initialValue(model);
  return element(model, {
    value,
    focus: `${block.block_id}/${model.action_id}`,
    change: (now) => surface.change?.(block, model, now),
    press: (now) => surface.press(block, model, now),
  });
}

function section(block, surface) {
  const text = block.text ? h("div.text", { dir: "auto" }, textObject(block.text)) : null;
  const fields = block.fields?.map((field) => h("div.field", { dir: "auto" }, textObject(field)));
  const accessory = block.accessory ? h("div.accessory", {}, control(block, block.accessory, surface)) : null;
  return h("div.section", {}, h("div.body", {}, text, fields ? h("div.fields", {}, fields) : null), accessory);
}

function context(block) {
  const parts = block.elements.map((one) =>
    one.type === "image" ? element(one, {}) : h("span", { dir: "auto" }, textObject(one)),
  );
  return h("div.context", {}, parts);
}

/** Renders an image as its description, since the page loads nothing from other servers. */
function image(words, title, url) {
  const caption = title ? h("figcaption", { dir: "auto" }, textObject(title)) : null;
  const source = url ? link(url, t("Open")) : null;
  const frame = h("div.frame", {}, icon("picture"), h("span", { dir: "auto" }, words), source);
  return h("figure.image", {}, caption, frame);
}

function input(block, surface, error) {
  const model = block.element;
  const focus = `${block.block_id}/${model.action_id}`;
  const grouped = ["checkboxes", "radio_buttons"].includes(model.type) || model.type.startsWith("multi_");
  count += 1;
  const names = { id: `field-${count}`, labelId: `label-${count}` };
  const field = element(model, {
    ...(grouped ? { labelId: names.labelId } : { id: names.id }),
    focus,
    value: surface.value(block, model),
    change: (value) => surface.change(block, model, value),
    press: block.dispatch_action ? (value) => surface.press(block, model, value) : null,
  });
  const optional = block.optional ? h("span.optional", {}, ` ${t("(optional)")}`) : null;
  const target = grouped ? null : names.id;
  const label = h("label", { id: names.labelId, htmlFor: target, dir: "auto" }, textObject(block.label), optional);
  const hint = block.hint ? h("p.hint", { dir: "auto" }, textObject(block.hint)) : null;
  const complaint = error ? h("p.error", { role: "alert", dir: "auto" }, error) : null;
  return h(error ? "div.input.wrong" : "div.input", {}, label, field, complaint, hint);
}

function card(block, surface) {
  const part = (name) => (block[name] ? h(`div.card-${name}`, { dir: "auto" }, textObject(block[name])) : null);
  const buttons = block.actions?.map((one) => control(block, one, surface));
  const texts = ["title", "subtitle", "body", "subtext"].map(part);
  return h("div.card", {}, texts, buttons?.length ? h("div.actions", {}, buttons) : null);
}

function group(block, surface) {
  const title = block.title ? textObject(block.title) : richText(block.rich_text_title);
  const subtitle = block.subtitle ? h("span.about", {}, textObject(block.subtitle)) : null;
  const inside = block.child_blocks.map((child) => drawBlock(child, surface));
  const head = [h("strong", { dir: "auto" }, title), subtitle];
  if (!block.is_collapsible) return h("section.group", {}, h("header", {}, head), inside);
  return h("details.group", { open: !block.default_collapsed }, h("summary", {}, head), inside);
}
