/**
 * @file The layout parameters: each is checked as what its name says and set as a property; nothing
 * of the address becomes CSS or HTML text.
 */

/** A length as hosts write it: a bare number means pixels. */
const LENGTH = /^\d{1,5}(\.\d{1,3})?(px|%|vw|vh|dvh|svh|lvh|dvw|vmin|vmax|rem|em|ch|cm|mm|in|pt)?$/;
const FITS = ["contain", "cover", "fill", "none", "scale-down"];
const PLACES = /** @type {Record<string, [string, string]>} */ ({
  // block and inline alignment within the upload area
  center: ["center", "center"],
  top: ["start", "center"],
  bottom: ["end", "center"],
  left: ["center", "start"],
  right: ["center", "end"],
  start: ["center", "start"],
  end: ["center", "end"],
});
const MOST_LABEL = 80;
const YES = ["true", "1", "yes", "on"];
const NO = ["false", "0", "no", "off"];

/**
 * @typedef {{showUpload: boolean, width: string, height: string, minHeight: string,
 *   maxWidth: string, maxHeight: string, fit: string, place: [string, string] | null,
 *   padding: string, label: string, android: boolean}} Layout empty texts: not given, or not valid
 */

/**
 * A CSS length, or an empty text.
 * @param {string | undefined} text
 */
export function length(text) {
  const found = (text ?? "").trim().toLowerCase();
  if (!LENGTH.test(found)) return "";
  return /[a-z%]$/.test(found) ? found : `${found}px`;
}

/**
 * A size: a length that is not zero, which hosts send before they know theirs.
 * @param {string | undefined} text
 */
export function size(text) {
  const found = length(text);
  return Number.parseFloat(found) > 0 ? found : "";
}

/**
 * A size whose per cent are of the frame: there a picture knows them before it has a place.
 * @param {string | undefined} text
 * @param {"vw" | "vh"} unit
 */
function ofFrame(text, unit) {
  return size(text).replace("%", unit);
}

/**
 * One to four lengths, as `padding` takes them.
 * @param {string | undefined} text
 */
export function lengths(text) {
  const found = (text ?? "").trim().split(/[\s,+]+/).map(length);
  return found.length <= 4 && found.every(Boolean) ? found.join(" ") : "";
}

/**
 * Where the button is: words such as `bottom`, `top-left`, `bottom center`.
 * @param {string | undefined} text
 * @returns {[string, string] | null}
 */
export function place(text) {
  const words = (text ?? "").trim().toLowerCase().split(/[\s_-]+/).filter(Boolean);
  if (!words.length || words.length > 2 || !words.every((word) => word in PLACES)) return null;
  /** @type {[string, string]} */
  const found = ["center", "center"];
  for (const word of words) {
    const [block, inline] = PLACES[word];
    if (block !== "center") found[0] = block;
    if (inline !== "center") found[1] = inline;
  }
  return found;
}

/**
 * @param {Record<string, string>} given
 * @returns {Layout}
 */
export function readLayout(given) {
  const fit = (given.objectFit ?? "").trim().toLowerCase();
  return {
    showUpload: !NO.includes((given.showUpload ?? "").trim().toLowerCase()),
    width: ofFrame(given.width, "vw"),
    height: ofFrame(given.height, "vh"),
    minHeight: ofFrame(given.containerMinHeight, "vh"),
    maxWidth: ofFrame(given.containerMaxWidth, "vw"),
    maxHeight: ofFrame(given.containerMaxHeight, "vh"),
    fit: FITS.includes(fit) ? fit : "",
    place: place(given.uploadButtonPosition),
    padding: lengths(given.uploadAreaPadding),
    label: [...(given.uploadLabel ?? "").trim()].slice(0, MOST_LABEL).join(""),
    android: YES.includes((given.isAndroid || given.android || "").trim().toLowerCase()),
  };
}

/**
 * Puts a layout onto the page.
 * @param {Layout} layout
 * @param {Document} document
 */
export function applyLayout(layout, document) {
  const root = document.documentElement;
  /** @type {[string, string][]} */
  const properties = [
    ["--screen-width", layout.width],
    ["--screen-height", layout.height],
    ["--container-min-height", layout.minHeight],
    ["--container-max-width", layout.maxWidth],
    ["--container-max-height", layout.maxHeight],
    ["--fit", layout.fit],
    ["--pick-padding", layout.padding],
    ["--pick-block", layout.place?.[0] ?? ""],
    ["--pick-inline", layout.place?.[1] ?? ""],
  ];
  for (const [name, value] of properties) if (value) root.style.setProperty(name, value);
  root.classList.toggle("no-upload", !layout.showUpload);
  root.classList.toggle("has-height", Boolean(layout.height));
  root.classList.toggle("android", layout.android);
}

/** Lower than this, words go before the picture does. */
const LOW_PX = 520;
const THIN_PX = 360;
/** From this width, or in a frame that is wider than high, picture and numbers stand side by side. */
const BESIDE_PX = [860, 440];

/**
 * What kind of frame a height and a width make: classes of the page.
 * @param {number} width
 * @param {number} height
 */
export function frameKind(width, height) {
  const [always, turned] = BESIDE_PX;
  const low = height <= LOW_PX;
  return {
    low,
    small: low || width <= THIN_PX,
    beside: width >= always || (width >= turned && width >= height),
  };
}

/**
 * Keeps the classes that go with the frame's size: the window's, or a smaller container's within.
 * @param {Window} win
 */
export function watchFrame(win) {
  const root = win.document.documentElement;
  const app = /** @type {HTMLElement} */ (win.document.getElementById("app"));
  const look = () => {
    const most = Number.parseFloat(win.getComputedStyle(app).maxHeight); // NaN for none
    const height = most < win.innerHeight ? most : win.innerHeight;
    const kind = frameKind(app.clientWidth, height);
    for (const [name, on] of Object.entries(kind)) root.classList.toggle(name, on);
  };
  win.addEventListener("resize", look);
  look();
}
