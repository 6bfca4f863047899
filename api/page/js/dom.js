/** @file Making elements: texts are always text, never HTML. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with attributes and children; `on…` are listeners, null leaves an attribute out.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  return /** @type {HTMLElement} */ (fill(document.createElement(tag), attributes, children));
}

/**
 * The same in SVG.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {SVGElement}
 */
export function s(tag, attributes = {}, ...children) {
  return /** @type {SVGElement} */ (fill(document.createElementNS(SVG, tag), attributes, children));
}

/**
 * @param {Element} element
 * @param {Record<string, any>} attributes
 * @param {(Node | string | null)[]} children
 */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * Puts children in place of those that an element has; WebViews before 2021 lack the method.
 * @param {Element} element
 * @param {...(Node | string)} children
 */
export function replaceChildren(element, ...children) {
  element.textContent = "";
  element.append(...children);
}

/**
 * Listens until a signal is aborted; the option `signal` came to WebViews in 2021.
 * @param {EventTarget} target
 * @param {string} type
 * @param {(event: any) => void} run
 * @param {AbortSignal} signal
 */
export function listen(target, type, run, signal) {
  target.addEventListener(type, run);
  signal.addEventListener("abort", () => target.removeEventListener(type, run), { once: true });
}

/**
 * The element of an id that the page's HTML has.
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element #${id}`);
  return found;
}

/**
 * Sets a text where it changed, so that nothing is laid out or announced in vain.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * `m:ss`, and tenths where a way to write them is given.
 * @param {number} ms
 * @param {(seconds: number, digits: number) => string} [write]
 */
export function clockText(ms, write) {
  const total = Math.max(0, write ? Math.round(ms / 100) / 10 : Math.floor(ms / 1000));
  const minutes = Math.floor(total / 60);
  const seconds = total - 60 * minutes;
  const text = write ? write(seconds, 1).padStart(4, "0") : String(seconds).padStart(2, "0");
  return `${minutes}:${text}`;
}

/**
 * A size as people read it.
 * @param {number} bytes
 * @param {string} [language] else the browser's own; `navigator.language` may be no valid tag
 */
export function sizeText(bytes, language) {
  const [value, prefix] = bytes >= 1024 ** 3 ? [bytes / 1024 ** 3, "G"] : [bytes / 1024 ** 2, "M"];
  const unit = prefix + (language === "fr" ? "o" : "B");
  const shown = new Intl.NumberFormat(language, { maximumFractionDigits: value < 10 ? 1 : 0 });
  return `${shown.format(value)}\u00a0${unit}`;
}
