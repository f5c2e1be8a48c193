/** The panel that plays monitoring tools: each button sends alerts to the app. */

import { fill, h } from "./dom.js";
import { act } from "./place.js";
import { state } from "./state.js";
import { t } from "./texts.js";

const panel = document.getElementById("alerts");
const samples = document.getElementById("alert-samples");

/** Attaches the listeners to the buttons for many alerts. */
export function startAlerts() {
  for (const name of ["storm", "resolve-alerts"]) {
    const button = document.getElementById(name);
    button.addEventListener("click", () => whileDisabled(button, () => act(name)));
  }
}

/** Shows a button for each tool; without tools there is no panel. */
export function showAlerts() {
  const { alerts } = state.offers;
  panel.hidden = !alerts.length;
  panel.parentElement.classList.toggle("with-alerts", Boolean(alerts.length));
  fill(samples, alerts.map(({ kind, name }) => sampleButton(kind, name)));
}

function sampleButton(kind, name) {
  const button = h("button.button", { type: "button", "data-alert": kind }, h("bdi", {}, t(name)));
  button.addEventListener("click", () => whileDisabled(button, () => act("alert", { kind })));
  return button;
}

/** Keeps a button from being pressed again until its work is done. */
async function whileDisabled(button, work) {
  button.disabled = true;
  await work();
  button.disabled = false;
}
