/** Builds and updates elements. A string only ever becomes a text node: nothing is parsed as HTML. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Creates an element, such as h("button.primary", { type: "button", onclick: send }, "Send").
 * Properties that are null, undefined or false are left out; so are such children.
 */
export function h(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "htmlFor") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  fill(node, children);
  return node;
}

/** Replaces the children of a node. */
export function fill(node, ...children) {
  const shown = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  node.replaceChildren(...shown);
  return node;
}

/** Returns an icon from the sprite; with a label it is an image, without one it is decoration. */
export function icon(name, { label = "", kind = "icon" } = {}) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", kind);
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else {
    svg.setAttribute("aria-hidden", "true");
  }
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** Returns an SVG shape with its attributes. */
export function shape(name, attributes, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/**
 * Updates the container to show these items, each {key, version, draw}. An unchanged item keeps its
 * node, with its caret and focus; a changed one gets the focus back if it had it.
 */
export function reconcile(container, items) {
  const before = new Map([...container.children].map((node) => [node.dataset.key, node]));
  items.forEach(({ key, version, draw }, index) => {
    const old = before.get(key);
    before.delete(key);
    const node = old?.dataset.version === version ? old : draw();
    if (node !== old) Object.assign(node.dataset, { key, version });
    if (old && node !== old) replaceKeepingFocus(old, node);
    if (container.children[index] !== node) container.insertBefore(node, container.children[index] ?? null);
  });
  before.forEach((node) => node.remove());
}

function replaceKeepingFocus(old, node) {
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  old.replaceWith(node);
  if (focused === undefined) return;
  [...node.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === focused)?.focus();
}
