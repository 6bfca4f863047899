/** @file Choosing, dropping or recording a file, and what can be said of it before it is sent. */

import { byId, setText, sizeText } from "./dom.js";
import { accepted, typeOf } from "./media_types.js";

/**
 * @typedef {"video" | "image" | ""} Source empty: either
 * @typedef {import("./i18n.js").Say} Say
 */

/**
 * What is wrong with a file, or an empty text.
 * @param {{name: string, type: string, size: number}} file
 * @param {Source} source
 * @param {number} most bytes
 * @param {Say} say
 * @param {string} language
 */
export function fileProblem(file, source, most, say, language) {
  const kind = typeOf(file).split("/")[0];
  if (source === "video" && kind === "image") return say("not_a_video");
  if (source === "image" && kind === "video") return say("not_an_image");
  if (file.size === 0) return say("empty_file");
  if (file.size > most) return say("too_large", { size: sizeText(most, language) });
  return "";
}

/**
 * Sets up the upload area; `take` gets each file that is chosen.
 * @param {Source} source
 * @param {{label: string, mostBytes: number, say: Say, language: string}} how
 * @param {(file: File) => void} take
 */
export function setUpPicker(source, how, take) {
  const { say } = how;
  const image = source === "image";
  setText(byId("pick-label"), how.label || say(image ? "pick_image" : source ? "pick_video" : "pick_any"));
  setText(byId("camera-label"), say(image ? "take_photo" : "record"));
  const size = sizeText(how.mostBytes, how.language);
  setText(byId("formats"), say(image ? "formats_image" : "formats_video", { size }));
  const kinds = /** @type {("video" | "image")[]} */ (source ? [source] : ["video", "image"]);
  for (const id of ["file", "camera"]) {
    const input = /** @type {HTMLInputElement} */ (byId(id));
    input.accept = id === "camera" ? `${kinds[0]}/*` : kinds.map(accepted).join(",");
    input.onchange = () => {
      const file = input.files?.[0];
      input.value = ""; // so that the same file can be chosen again
      if (file) take(file);
    };
  }
  setUpDrop(take);
}

/** @param {(file: File) => void} take */
function setUpDrop(take) {
  const area = byId("drop");
  const over = (/** @type {boolean} */ inside) => area.classList.toggle("over", inside);
  area.ondragenter = area.ondragover = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    over(true);
  };
  area.ondragleave = (/** @type {DragEvent} */ event) => {
    if (!area.contains(/** @type {Node | null} */ (event.relatedTarget))) over(false);
  };
  area.ondrop = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    over(false);
    const file = event.dataTransfer?.files?.[0];
    if (file) take(file);
  };
  // a file that misses the area must not replace the page
  window.ondragover = window.ondrop = (event) => event.preventDefault();
}
