/** The page's words in two languages: English as it stands in the code, Arabic from `arabic.js`. */

import { ARABIC, ARABIC_COUNTS } from "./arabic.js";

const LOCALES = { en: "en-GB", ar: "ar-KW-u-nu-latn" };
const asked = new URLSearchParams(location.hash.slice(1)).get("lang");

/** The page's language: the one in the address, else the server's. */
export const language = Object.hasOwn(LOCALES, asked) ? asked : document.documentElement.lang;

/** The other language, which the page offers. */
export const otherLanguage = language === "ar" ? "en" : "ar";

const forms = new Intl.PluralRules(language);
const learned = {}; // Arabic texts of the app, by the English ones.

/** Adds the texts of the app that the page shows. */
export function learn(texts) {
  Object.assign(learned, texts);
}

/** Returns a text in the page's language, with its `{names}` filled in. */
export function t(text, values = {}) {
  const found = language === "ar" ? (ARABIC[text] ?? learned[text] ?? text) : text;
  return filled(found, values);
}

/** Returns the form of a text that fits the count, such as "1 page" or "3 pages". */
export function plural(count, one, other) {
  if (language !== "ar") return filled(count === 1 ? one : other, { count });
  const found = ARABIC_COUNTS[other];
  return filled(found?.[forms.select(count)] ?? found?.other ?? other, { count });
}

/** Returns a moment in the page's language; the digits are Latin in both. */
export function moment(at, options) {
  return new Intl.DateTimeFormat(LOCALES[language], options).format(at);
}

/** Translates the words of the page's own file: the marked ones, and the names for screen readers. */
export function translateDocument() {
  document.documentElement.lang = language;
  document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
  document.title = t(document.title);
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.textContent.trim());
  for (const node of document.querySelectorAll("[aria-label]")) node.ariaLabel = t(node.ariaLabel);
}

/** Fills in values; within Arabic a value is isolated, since its own direction may differ. */
function filled(text, values) {
  const isolated = (value) => (language === "ar" && typeof value === "string" ? `\u2068${value}\u2069` : String(value));
  return text.replace(/\{(\w+)\}/g, (token, name) => (Object.hasOwn(values, name) ? isolated(values[name]) : token));
}
