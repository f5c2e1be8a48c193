/** The acting user and the open channel, kept in the address, so that a reload changes nothing. */

import { order } from "./server.js";
import { complain } from "./dialogs.js";
import { appChannel, state } from "./state.js";
import { language, t } from "./texts.js";

const ERRORS = {
  operation_timeout: "The bot didn't answer within 3 seconds.",
  dispatch_failed: "The bot isn't connected, so Slack couldn't reach it.",
};

const start = new URLSearchParams(location.hash.slice(1));

export const place = {
  person: start.get("as") ?? "",
  channel: start.get("at") ?? "",
  tab: start.get("tab") ?? "messages", // In the app's own channel: home or messages.
};

let moved = () => {};

/** Sets the function to call when the user or the channel changes. */
export function onmove(act) {
  moved = act;
}

/** Opens another channel or tab, or changes the acting user. */
export function go(change) {
  Object.assign(place, change);
  const { person, channel, tab } = place;
  const where = new URLSearchParams({ as: person, at: channel, ...(tab === "home" ? { tab } : {}) });
  if (start.has("lang")) where.set("lang", language);
  history.replaceState(null, "", `#${where}`);
  moved(change);
}

/** Returns the open channel: the one in the address, else #ops, else the first. */
export function currentChannel() {
  const { channels } = state;
  const named = (name) => channels.find((one) => one.name === name);
  return channels.find((one) => one.id === place.channel) ?? named("ops") ?? channels[0];
}

/** Whether the app's Home is open. */
export function isAtHome() {
  return place.tab === "home" && currentChannel() === appChannel();
}

/** Returns the address of this place in another language, as a person who reads it. */
export function translated(to) {
  const person = state.offers.speakers[to] ?? state.me;
  return `#${new URLSearchParams({ as: person, at: currentChannel().is_dm ? "" : currentChannel().id, lang: to })}`;
}

/** Returns the words for an error of Slack; other errors are words already. */
export function plainError(error) {
  return t(ERRORS[error] ?? error);
}

/** Sends an action as the acting user, and shows a failure; resolves to true if there is none. */
export async function act(name, fields = {}) {
  const error = await order(name, { as: state.me, ...fields });
  if (error) complain(plainError(error));
  return !error;
}
