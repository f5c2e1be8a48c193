/** Dialogs: a confirmation before an action, and a note about a failure. */

import { h } from "./dom.js";
import { textObject } from "./mrkdwn.js";

const SECONDS_SHOWN = 7;

/** Shows Slack's confirm object; resolves to true if the user confirms. */
export function ask({ title, text, confirm, deny, style }) {
  const look = style === "danger" ? "button.button.danger" : "button.button.primary";
  const yes = h(look, { value: "yes" }, textObject(confirm));
  const no = h("button.button", { value: "" }, textObject(deny));
  const form = h(
    "form",
    { method: "dialog" },
    h("h2", { dir: "auto" }, textObject(title)),
    h("p", { dir: "auto" }, textObject(text)),
    h("div.actions", {}, no, yes),
  );
  const dialog = h("dialog.ask", { "aria-label": title.text }, form);
  form.addEventListener("submit", (event) => {
    event.preventDefault(); // The policy forbids form submission, even to a dialog.
    dialog.close(event.submitter?.value);
  });
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}

/** Shows why an action failed. */
export function complain(words) {
  const close = () => note.remove();
  const note = h("div.toast", { role: "alert", dir: "auto", onclick: close }, words);
  const host = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  host.append(note);
  setTimeout(close, SECONDS_SHOWN * 1000);
}
