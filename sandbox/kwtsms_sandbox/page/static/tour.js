/** The tour: steps that lead through what the app can do. Each prepares a line; the user sends it. */

import { offer } from "./composer.js";
import { fill, h, icon, reconcile } from "./dom.js";
import { act, go } from "./place.js";
import { state } from "./state.js";
import { language, t } from "./texts.js";

const box = document.getElementById("tour");
const list = document.getElementById("steps");
const words = document.getElementById("step-words");

let chosen = "";
let isHidden = false;

/** Attaches the listener of the button that hides the tour. */
export function startTour() {
  document.getElementById("hide-tour").addEventListener("click", () => {
    isHidden = true;
    showTour();
    document.getElementById("composer").focus();
  });
}

/** Shows the steps, and what the chosen one is about; without a choice, the first that is not done. */
export function showTour() {
  const { steps } = state.offers;
  box.hidden = isHidden || !steps.length;
  if (box.hidden) return;
  const next = steps.find((one) => !isDone(one)) ?? null;
  const current = steps.find((one) => one.step_id === chosen) ?? next ?? steps.at(-1);
  reconcile(list, steps.map((one, index) => {
    const look = { isCurrent: one === current, isNext: one === next, isDone: isDone(one), number: index + 1 };
    return { key: one.step_id, version: JSON.stringify(look), draw: () => chip(one, look) };
  }));
  fill(words, current && t(isDone(current) ? current.after : current.before));
  for (const css of [".next", "[aria-current]"]) {
    list.querySelector(css)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

function isDone(step) {
  return state.done.includes(step.step_id);
}

function chip(step, { isCurrent, isNext, isDone: done, number }) {
  const mark = done ? icon("done", { label: t("done") }) : String(number);
  const name = isNext ? "button.step.next" : "button.step";
  const properties = {
    type: "button",
    "aria-current": isCurrent ? "step" : null,
    "data-focus": step.step_id,
    onclick: () => begin(step),
  };
  return h("li", {}, h(name, properties, h(done ? "span.mark.done" : "span.mark", {}, mark), t(step.title)));
}

/** Goes to the step's channel as its person, and puts its line into the composer. */
async function begin(step) {
  chosen = step.step_id;
  if (!(await act("step", { step: step.step_id }))) return;
  const person = step.person || state.offers.speakers[language] || state.me;
  go({ person, channel: step.channel, tab: "messages" });
  showTour();
  offer(t(step.line));
}
