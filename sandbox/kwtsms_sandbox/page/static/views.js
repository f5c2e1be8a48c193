/** Shows forms in a dialog, and App Home. Typed values stay here until they are submitted. */

import { showBlocks } from "./blocks.js";
import { fill, h } from "./dom.js";
import { heldValue } from "./elements.js";
import { plainText } from "./mrkdwn.js";
import { act } from "./place.js";
import { state } from "./state.js";
import { t } from "./texts.js";

const dialog = document.getElementById("modal");
const form = document.getElementById("modal-form");
const title = document.getElementById("modal-title");
const body = document.getElementById("modal-body");
const foot = document.getElementById("modal-foot");
const trouble = document.getElementById("modal-trouble");
const home = document.getElementById("home");

const drafts = new Map(); // By view id: typed values, by block and action id.
let shown = null;

/** Attaches the listeners to the dialog. */
export function startViews() {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (shown?.submit) submit(shown);
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (shown) act("close", { view: shown.id });
  });
  for (const button of dialog.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => shown && act("close", { view: shown.id }));
  }
}

/** Shows the topmost form, if there is one. */
export function showModal() {
  const view = state.views.at(-1) ?? null;
  const open = new Set(state.views.map((one) => one.id));
  for (const id of drafts.keys()) if (!open.has(id) && id !== state.home?.id) drafts.delete(id);
  if (!view) {
    shown = null;
    dialog.close();
    return;
  }
  const isNew = view.id !== shown?.id;
  if (isNew) body.replaceChildren();
  shown = view;
  fill(title, plainText(view.title));
  dialog.classList.toggle("stacked", state.views.length > 1);
  showBlocks(body, view.blocks, surface(view));
  trouble.textContent = view.trouble ?? "";
  trouble.hidden = !view.trouble;
  showFoot(view);
  if (!dialog.open) dialog.showModal();
  if (isNew) focusFirstField();
  if (Object.keys(view.errors).length) body.querySelector(".wrong input, .wrong textarea, .wrong select")?.focus();
}

/** Puts the focus into the field that the app chose, else into the first one, else on the title: no key sends yet. */
function focusFirstField() {
  const fields = "input:not([disabled]), textarea, select";
  (body.querySelector("[autofocus]") ?? body.querySelector(fields) ?? title).focus();
}

/** Shows App Home. */
export function showHome() {
  if (!state.home) {
    fill(home, h("p.empty", {}, t("The app hasn't published anything here.")));
    return;
  }
  if (!home.dataset.view) home.replaceChildren();
  home.dataset.view = state.home.id;
  showBlocks(home, state.home.blocks, surface(state.home));
}

/** Removes the shown Home, before that of another user. */
export function clearHome() {
  delete home.dataset.view;
  home.replaceChildren();
}

function showFoot(view) {
  const onclick = () => act("close", { view: view.id });
  const label = view.close ? plainText(view.close.text) : t("Close");
  const cancel = h("button.button", { type: "button", dir: "auto", onclick }, label);
  const properties = { type: "submit", id: "modal-submit", dir: "auto" };
  const send = view.submit ? h("button.button.primary", properties, plainText(view.submit.text)) : null;
  fill(foot, view.close || !send ? cancel : null, send);
}

async function submit(view) {
  const button = document.getElementById("modal-submit");
  button.disabled = true;
  await act("submit", { view: view.id, values: typedInto(view) });
  button.disabled = false;
}

function surface(view) {
  const mine = drafts.get(view.id) ?? drafts.set(view.id, new Map()).get(view.id);
  const name = (block, element) => `${block.block_id}/${element.action_id}`;
  return {
    errors: view.errors,
    value: (block, element) => {
      const held = view.values[block.block_id]?.[element.action_id];
      return mine.get(name(block, element)) ?? (held ? heldValue(held) : null);
    },
    change: (block, element, value) => mine.set(name(block, element), value),
    press: (block, element, value) =>
      act("press", {
        view: view.id,
        block_id: block.block_id,
        action_id: element.action_id,
        value,
        values: typedInto(view),
      }),
  };
}

/** Returns the values typed into the fields that still exist, by block id. */
function typedInto(view) {
  const mine = drafts.get(view.id) ?? new Map();
  const typed = view.blocks
    .filter((block) => block.type === "input" && mine.has(`${block.block_id}/${block.element.action_id}`))
    .map((block) => [block.block_id, mine.get(`${block.block_id}/${block.element.action_id}`)]);
  return Object.fromEntries(typed);
}
