/** @file The form of a new job: the same calls that every client makes. */

import { byId, h, replaceChildren } from "../js/dom.js";
import { randomId } from "../js/session.js";
import { FileStore } from "../js/file_store.js";
import { upload } from "../js/upload.js";
import { exerciseOptions, setUpExercises } from "./exercises.js";
import { showProblem, told } from "./components.js";

const FLAGS = ["keypoints", "angles", "progression", "recommendations", "export", "blazepose"];
/** As the upload page asks: keypoints for the skeleton and the curves. */
const USUAL = new Set(["keypoints", "progression", "recommendations", "export"]);

/**
 * Fills in the form and sends what it holds.
 * @param {import("../js/api.js").Api} api
 * @param {string[]} blocked options that the plan refuses
 * @param {(job: Record<string, any>) => void} made
 */
export async function setUpSubmit(api, blocked, made) {
  replaceChildren(byId("flags"), ...FLAGS.map((name) => flag(name, blocked)));
  byId("submit").onsubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    send(api, made);
  };
  const { exercises } = await api.call("v1/exercises");
  setUpExercises(exercises);
}

/** @param {string} name @param {string[]} blocked */
function flag(name, blocked) {
  const off = blocked.includes(name);
  const box = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", name }));
  [box.disabled, box.checked] = [off, !off && USUAL.has(name)];
  return h("label", { title: off ? "not in this plan" : null }, box, ` ${name}`);
}

/** @returns {Record<string, any>} */
function wanted() {
  const more = byId("more").value.trim();
  const parsed = more ? JSON.parse(more) : {};
  const flags = [...byId("flags").querySelectorAll("input:checked")].map((box) => [box.name, true]);
  return { ...Object.fromEntries(flags), ...exerciseOptions(), ...parsed };
}

/**
 * @param {import("../js/api.js").Api} api
 * @param {(job: Record<string, any>) => void} made
 */
async function send(api, made) {
  const button = byId("submit").querySelector("button");
  const bar = byId("submit-progress");
  showProblem(byId("submit-problem"), "");
  button.disabled = true;
  // another may be chosen while this one is sent
  const file = byId("media").files[0];
  try {
    const input = await inputOf(api, bar, file);
    const headers = { "Idempotency-Key": randomId() };
    const body = { input, options: wanted() };
    const job = await api.call("v1/jobs", { method: "POST", body, headers, again: true });
    // the page that shows the job draws over the file where it has it
    if (file) await new FileStore(window.indexedDB).keep(job.id, file);
    made(job);
    if (byId("media").files[0] === file) byId("media").value = "";
  } catch (error) {
    showProblem(byId("submit-problem"), told(error));
  } finally {
    [button.disabled, bar.hidden] = [false, true];
  }
}

/**
 * @param {import("../js/api.js").Api} api
 * @param {HTMLProgressElement} bar
 * @param {File | undefined} file
 * @returns {Promise<Record<string, string>>}
 */
async function inputOf(api, bar, file) {
  const url = byId("url").value.trim();
  if (!file && !url) throw new Error("Choose a file, or give an address.");
  if (!file) return { url };
  [bar.hidden, bar.value] = [false, 0];
  const uploadId = await upload(api, file, {
    signal: new AbortController().signal,
    onProgress: (share) => (bar.value = share),
    onConnection: () => {},
  });
  return { uploadId };
}
