/** The state of the page, as received from the server. Renders nothing and requests nothing. */

import { learn } from "./texts.js";

const nobody = { id: "", name: "unknown", real_name: "Unknown", is_bot: false, standing: "", language: "en" };

export const state = {
  me: "",
  app: "", // The app's name.
  people: new Map(),
  groups: {},
  channels: [],
  messages: new Map(),
  typed: new Map(),
  views: [],
  home: null,
  phones: new Map(),
  requests: new Map(),
  account: { name: "", credits: "", waiting: [] },
  offers: { commands: [], shortcuts: [], bad_days: [], steps: [], alerts: [], speakers: {}, outcomes: {} },
  done: [], // The steps of the tour whose line was sent.
  online: false,
};

const MAX_REQUESTS = 200;

/** Applies an update; returns the names of the parts that it changed. */
export function take(news) {
  if (news.me) return takeEverything(news);
  const touched = [];
  for (const [name, value] of Object.entries(news)) {
    const keep = keepers[name];
    if (keep) touched.push(keep(value));
  }
  return touched;
}

/** Returns the person or bot with this id. */
export function person(id) {
  return state.people.get(id) ?? { ...nobody, id, name: id, real_name: id };
}

/** Returns the direct message with the app. */
export function appChannel() {
  return state.channels.find((channel) => channel.is_dm);
}

function takeEverything(news) {
  state.me = news.me;
  state.app = news.app;
  state.people = new Map(news.people.map((one) => [one.id, one]));
  state.groups = news.groups;
  state.channels = news.channels;
  state.messages = new Map(news.messages.map((one) => [one.ts, one]));
  state.typed = new Map(news.typed.map((one) => [one.number, one]));
  state.phones = new Map(news.phones.map((one) => [one.number, one]));
  state.requests = new Map(news.requests.map((one) => [one.number, one]));
  state.offers = news.offers;
  learn(news.offers.arabic);
  for (const name of ["views", "home", "account", "online", "done"]) keepers[name](news[name]);
  return ["everything"];
}

const keepers = {
  message: (message) => {
    state.messages.set(message.ts, message);
    return "messages";
  },
  gone: (ts) => {
    state.messages.delete(ts);
    return "messages";
  },
  line: (line) => {
    state.typed.set(line.number, line);
    return "messages";
  },
  phone: (phone) => {
    state.phones.set(phone.number, phone);
    return "phones";
  },
  request: (request) => {
    state.requests.set(request.number, request);
    state.requests.delete(request.number - MAX_REQUESTS);
    return "gateway";
  },
  account: (account) => {
    state.account = account;
    return "gateway";
  },
  views: (views) => {
    state.views = views;
    return "views";
  },
  home: (home) => {
    state.home = home;
    return "home";
  },
  done: (done) => {
    state.done = done;
    return "tour";
  },
  online: (online) => {
    state.online = online;
    return "online";
  },
};
