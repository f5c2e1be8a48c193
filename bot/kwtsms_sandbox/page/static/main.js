/** Puts the page together: news comes in, the parts that it touches are drawn. */

import { showComposer, startComposer } from "./composer.js";
import { fill, h } from "./dom.js";
import { showBadDays, showGateway, startGateway } from "./gateway.js";
import { showMessages } from "./messages.js";
import { forgetPhones, showPhones, startPhones } from "./phones.js";
import { act, currentChannel, isAtHome, onmove, place } from "./place.js";
import { listen } from "./server.js";
import { forgetUnread, showSidebar } from "./sidebar.js";
import { appChannel, state, take } from "./state.js";
import { clearHome, showHome, showModal, startViews } from "./views.js";

const list = document.getElementById("messages");
const panes = [...document.querySelectorAll("[data-show]")];
let stream = null;
let drawnFor = null;

const draw = {
  everything: drawEverything,
  messages: () => {
    showMessages(list, currentChannel());
    showSidebar();
  },
  phones: () => badge("phones", showPhones()),
  gateway: showGateway,
  views: showModal,
  home: showHome,
  online: showSidebar,
};

function connect() {
  stream?.stop();
  stream = listen(place.person, {
    onnews: (news) => new Set(news.flatMap(take)).forEach((name) => draw[name]()),
    onstate: (isLive) => { document.getElementById("offline").hidden = isLive; },
  });
}

function drawEverything() {
  if (drawnFor !== state.me) {
    drawnFor = state.me;
    forgetUnread();
    forgetPhones();
    clearHome();
    showBadDays();
  }
  showRoom();
  showModal();
  showPhones();
  showGateway();
}

/** The middle: a channel, or the app with its Home. */
function showRoom() {
  const channel = currentChannel();
  const isApp = channel === appChannel();
  fill(document.getElementById("room-name"), h("span.sign", {}, isApp ? "" : "#"), isApp ? "SMS" : channel.name);
  document.getElementById("room-about").textContent = channel.is_shared ? "Shared with another company" : "";
  document.getElementById("app-tabs").hidden = !isApp;
  document.getElementById("room").classList.toggle("at-home", isAtHome());
  for (const tab of document.querySelectorAll("[data-tab]")) {
    tab.setAttribute("aria-selected", String((tab.dataset.tab === "home") === isAtHome()));
  }
  list.setAttribute("aria-live", "off"); // What is not new is not read out.
  list.replaceChildren();
  showMessages(list, channel, { jump: true });
  requestAnimationFrame(() => list.setAttribute("aria-live", "polite"));
  showComposer(channel);
  showHome();
  showSidebar();
}

/** On a narrow screen one part is seen at a time; the others show that something came. */
function showPane(name) {
  document.body.dataset.pane = name;
  for (const button of panes) button.setAttribute("aria-pressed", String(button.dataset.show === name));
  badge(name, false);
}

function badge(name, isNew) {
  const button = panes.find((one) => one.dataset.show === name);
  button.classList.toggle("fresh", Boolean(isNew) && document.body.dataset.pane !== name);
}

onmove(({ person, channel, tab }) => {
  if (person !== undefined && person !== state.me) connect();
  else showRoom();
  if (tab === "home") act("home");
  if (channel) document.getElementById("composer").focus({ preventScroll: true });
});

startComposer(() => { list.scrollTop = list.scrollHeight; });
startViews();
startPhones();
startGateway();
for (const button of panes) button.addEventListener("click", () => showPane(button.dataset.show));
showPane("slack");
connect();
