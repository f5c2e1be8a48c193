/**
 * Renders buttons, menus and fields. Each gets its element and a `hand`:
 *   value       the current value (a string, an option's value, or a list of these)
 *   change(v)   keeps a new value; the app is not notified
 *   press(v)    notifies the app of the user's action
 *   focus       the name by which the focus is restored
 */

import { ask } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { textObject } from "./mrkdwn.js";
import { state } from "./state.js";
import { t } from "./texts.js";

/** Renders an element, or a note if the page cannot show it. */
export function element(model, hand) {
  const draw = Object.hasOwn(ELEMENTS, model.type) ? ELEMENTS[model.type] : unknown;
  return draw(model, hand);
}

/** Returns the initial value of an element. */
export function initialValue(model) {
  if (model.initial_option) return model.initial_option.value;
  if (model.initial_options) return model.initial_options.map((option) => option.value);
  const name = Object.keys(model).find((key) => key.startsWith("initial_"));
  return name ? model[name] : null;
}

/** Returns the value in a field's state, as Slack reports it. */
export function heldValue({ type: _, ...held }) {
  const value = Object.values(held)[0];
  if (Array.isArray(value)) return value.map((one) => one.value ?? one);
  return value?.value ?? value ?? null;
}

const ELEMENTS = {
  button,
  workflow_button: button,
  overflow,
  image: picture,
  static_select: (model, hand) => select(model, optionsOf(model), hand),
  users_select: (model, hand) => select(model, people(), hand),
  conversations_select: (model, hand) => select(model, channels(), hand),
  channels_select: (model, hand) => select(model, channels(), hand),
  multi_static_select: (model, hand) => several(model, optionsOf(model), hand),
  multi_users_select: (model, hand) => several(model, people(), hand),
  multi_conversations_select: (model, hand) => several(model, channels(), hand),
  multi_channels_select: (model, hand) => several(model, channels(), hand),
  checkboxes: (model, hand) => several(model, optionsOf(model), hand),
  radio_buttons: radios,
  plain_text_input: (model, hand) => (model.multiline ? area(model, hand) : line("text", model, hand)),
  email_text_input: (model, hand) => line("email", model, hand),
  url_text_input: (model, hand) => line("url", model, hand),
  number_input: (model, hand) => line("text", model, hand, { inputmode: "decimal" }),
  datepicker: (model, hand) => line("date", model, hand),
  timepicker: (model, hand) => line("time", model, hand),
};

function unknown(model) {
  return h("span.unknown", {}, t("This page can't show “{type}”.", { type: model.type }));
}

/** Asks for confirmation if the element requires it, then calls `act` or `undo`. */
async function confirmed(model, act, undo = () => {}) {
  if (!model.confirm || (await ask(model.confirm))) act();
  else undo();
}

function button(model, hand) {
  const act = () => {
    if (/^https?:/i.test(model.url ?? "")) window.open(model.url, "_blank", "noopener,noreferrer");
    hand.press(model.value ?? null);
  };
  const look = { primary: "button.button.primary", danger: "button.button.danger" }[model.style] ?? "button.button";
  return h(
    look,
    {
      type: "button",
      dir: "auto",
      "data-focus": hand.focus,
      "aria-label": model.accessibility_label,
      onclick: () => confirmed(model, act),
    },
    textObject(model.text),
  );
}

function overflow(model, hand) {
  const choose = (option) => confirmed(model, () => hand.press(option.value));
  const items = model.options.map((option) => ({ label: textObject(option.text), act: () => choose(option) }));
  return menu(t("More actions"), items, hand.focus);
}

/** Renders a button that opens a menu of {label, act}. */
export function menu(name, items, focus) {
  const close = () => node.removeAttribute("open");
  const choose = (act) => () => {
    close();
    act();
  };
  const onkeydown = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
    summary.focus();
  };
  const onfocusout = (event) => {
    if (!node.contains(event.relatedTarget)) close();
  };
  const choices = items.map(({ label, act }) =>
    h("button.item", { type: "button", dir: "auto", onclick: choose(act) }, label),
  );
  const summary = h("summary", { "aria-label": name, title: name, "data-focus": focus }, icon("more"));
  const node = h("details.menu", { onkeydown, onfocusout }, summary, h("div.items", {}, choices));
  return node;
}

function picture(model) {
  return h("span.picture", { title: model.alt_text }, icon("picture", { label: model.alt_text || t("Picture") }));
}

function optionsOf(model) {
  return model.options ?? model.option_groups?.flatMap((group) => group.options) ?? [];
}

function people() {
  const option = (one) => ({ value: one.id, text: { type: "plain_text", text: one.real_name } });
  return [...state.people.values()].filter((one) => !one.is_bot).map(option);
}

function channels() {
  const named = state.channels.filter((one) => !one.is_dm);
  return named.map((one) => ({ value: one.id, text: { type: "plain_text", text: `#${one.name}` } }));
}

function select(model, options, hand) {
  const choices = options.map((option) =>
    h("option", { value: option.value, selected: option.value === hand.value }, option.text.text),
  );
  const placeholder = h("option", { value: "" }, model.placeholder?.text ?? t("Choose…"));
  const name = hand.id ? null : placeholder.text; // In an input block the label is its name.
  const node = h("select", { "data-focus": hand.focus, id: hand.id, "aria-label": name }, placeholder, choices);
  let before = node.value;
  const undo = () => {
    node.value = before;
    hand.change(before || null);
  };
  node.addEventListener("change", () => {
    const now = node.value;
    hand.change(now || null);
    const press = () => {
      before = now;
      hand.press(now || null);
    };
    if (hand.press) confirmed(model, press, undo);
  });
  return node;
}

function several(model, options, hand) {
  const chosen = new Set(hand.value ?? []);
  const set = (value, on) => {
    if (on) chosen.add(value);
    else chosen.delete(value);
    hand.change([...chosen]);
  };
  const toggle = (value, box) => {
    set(value, box.checked);
    const undo = () => {
      box.checked = !box.checked;
      set(value, box.checked);
    };
    if (hand.press) confirmed(model, () => hand.press([...chosen]), undo);
  };
  const boxes = options.map((option) => choice("checkbox", option, hand, chosen.has(option.value), toggle));
  return h("div.choices", { role: "group", "aria-labelledby": hand.labelId }, boxes);
}

function radios(model, hand) {
  let before = hand.value ?? null;
  const pick = (value) => {
    hand.change(value);
    const press = () => {
      before = value;
      hand.press(value);
    };
    if (hand.press) confirmed(model, press, undo);
  };
  const boxes = optionsOf(model).map((option) => choice("radio", option, hand, option.value === hand.value, pick));
  const group = h("div.choices", { role: "radiogroup", "aria-labelledby": hand.labelId }, boxes);
  const undo = () => {
    for (const box of group.querySelectorAll("input")) box.checked = box.value === before;
    hand.change(before);
  };
  return group;
}

function choice(type, option, hand, checked, act) {
  const box = h("input", {
    type,
    checked,
    name: hand.focus,
    value: option.value,
    "data-focus": `${hand.focus} ${option.value}`,
    onchange: (event) => act(option.value, event.target),
  });
  const about = option.description ? h("span.about", {}, textObject(option.description)) : null;
  return h("label.choice", {}, box, h("span", { dir: "auto" }, textObject(option.text), about));
}

function line(type, model, hand, more = {}) {
  return field(h("input", { type, ...fieldProperties(model, hand), ...more }), model, hand);
}

function area(model, hand) {
  return field(h("textarea", { rows: 4, ...fieldProperties(model, hand) }), model, hand);
}

function fieldProperties(model, hand) {
  return {
    id: hand.id,
    dir: "auto",
    value: hand.value ?? "",
    placeholder: model.placeholder?.text,
    autocomplete: "off",
    autofocus: model.focus_on_load,
    "data-focus": hand.focus,
  };
}

/** Reports what is typed into a text field, to the app as well if `dispatch_action_config` says so. */
function field(node, model, hand) {
  const moments = model.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  let timer;
  node.addEventListener("input", () => {
    hand.change(node.value);
    if (!hand.press || !moments.includes("on_character_entered")) return;
    clearTimeout(timer);
    timer = setTimeout(() => hand.press(node.value), 400);
  });
  if (node.type === "date" || node.type === "time") node.addEventListener("change", () => hand.press?.(node.value));
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || node.tagName === "TEXTAREA") return;
    if (!hand.press || !moments.includes("on_enter_pressed")) return;
    event.preventDefault();
    hand.press(node.value);
  });
  return node;
}
