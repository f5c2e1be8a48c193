/** The acting user and the open channel, kept in the address, so that a reload changes nothing. */

import { order } from "./server.js";
import { complain } from "./dialogs.js";
import { appChannel, state } from "./state.js";

const SLACK_ERRORS = {
  operation_timeout: "operation_timeout: the app did not acknowledge within 3 seconds.",
  dispatch_failed: "dispatch_failed: the app could not be reached.",
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

/** Sends an action as the acting user, and shows a failure; resolves to true if there is none. */
export async function act(name, fields = {}) {
  const error = await order(name, { as: state.me, ...fields });
  if (error) complain(SLACK_ERRORS[error] ?? error);
  return !error;
}
