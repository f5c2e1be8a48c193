/** Connects the parts of the page: each update from the server redraws the parts it changes. */

import { showAlerts, startAlerts } from "./alerts.js";
import { offer, showComposer, startComposer } from "./composer.js";
import { fill, h } from "./dom.js";
import { showBadDays, showGateway, startGateway } from "./gateway.js";
import { showMessages, startMessages } from "./messages.js";
import { forgetPhones, showPhones, startPhones } from "./phones.js";
import { act, currentChannel, go, isAtHome, onmove, place, translated } from "./place.js";
import { listen } from "./server.js";
import { forgetUnread, showSidebar } from "./sidebar.js";
import { appChannel, state, take } from "./state.js";
import { otherLanguage, t, translateDocument } from "./texts.js";
import { showTour, startTour } from "./tour.js";
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
  tour: showTour,
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
    showAlerts();
    if (matchMedia("(min-width: 901px)").matches) document.getElementById("composer").focus();
  }
  showRoom();
  showModal();
  showPhones();
  showGateway();
  showTour();
}

/** Shows the middle pane: a channel, or the app with its Home. */
function showRoom() {
  const channel = currentChannel();
  const isApp = channel === appChannel();
  fill(document.getElementById("room-name"), h("span.sign", {}, isApp ? "" : "#"), isApp ? state.app : channel.name);
  document.getElementById("room-about").textContent = channel.is_shared ? t("Shared with another company") : "";
  document.getElementById("app-tabs").hidden = !isApp;
  document.getElementById("room").classList.toggle("at-home", isAtHome());
  for (const tab of document.querySelectorAll("[data-tab]")) {
    tab.setAttribute("aria-selected", String((tab.dataset.tab === "home") === isAtHome()));
  }
  showComposer(channel);
  showChannel(channel);
  showHome();
  showSidebar();
}

/** Shows the messages; a newly opened channel is scrolled to its end and not announced as new. */
function showChannel(channel) {
  const spot = `${state.me} ${channel.id}`;
  const isNew = list.dataset.spot !== spot;
  if (isNew) {
    list.dataset.spot = spot;
    list.setAttribute("aria-live", "off");
    list.replaceChildren();
    requestAnimationFrame(() => list.setAttribute("aria-live", "polite"));
  }
  showMessages(list, channel, { jump: isNew });
}

/** Shows one pane on a narrow screen; the buttons of the others mark new content. */
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

/** Offers the page in the other language, named in that language. */
function startLanguage() {
  const link = document.getElementById("language");
  link.lang = otherLanguage;
  link.textContent = { en: "English", ar: "العربية" }[otherLanguage];
  link.addEventListener("click", (event) => {
    event.preventDefault();
    location.hash = translated(otherLanguage);
    location.reload();
  });
}

translateDocument();
startLanguage();
startTour();
startMessages(list);
startComposer(() => showMessages(list, currentChannel(), { jump: true }));
startViews();
startPhones();
startGateway();
startAlerts();
for (const button of panes) button.addEventListener("click", () => showPane(button.dataset.show));
for (const button of document.querySelectorAll("[data-try]")) {
  button.addEventListener("click", () => {
    showPane("slack");
    if (isAtHome()) go({ tab: "messages" });
    offer(button.textContent.trim());
  });
}
showPane("slack");
connect();
