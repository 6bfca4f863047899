/** @file The choice of an exercise: its picture, how it is filmed, and the options that it needs. */

import { byId, h, replaceChildren, s } from "../js/dom.js";
import { BONES } from "../js/overlay.js";
import { FIGURES } from "./figures.js";

const NAMES = [
  "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
  "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee",
  "right_knee", "left_ankle", "right_ankle",
];
const KINDS = /** @type {[string, string][]} */ ([["reps", "Repetitions"], ["hold", "Holds"], ["jump", "Jumps"]]);
const VIEWS = /** @type {Record<string, string>} */ ({
  any: "from any side", side: "from the side", front: "from the front",
});

/**
 * @typedef {{id: string, kind: string, view: string, unit: string, requires: string[]}} Exercise
 */

/** @param {Exercise[]} exercises of the catalogue */
export function setUpExercises(exercises) {
  const option = (/** @type {string} */ value, /** @type {string} */ text) => h("option", { value }, text);
  const groups = KINDS.map(([kind, label]) =>
    h("optgroup", { label }, ...exercises.filter((one) => one.kind === kind).map(({ id }) => option(id, id))));
  const select = byId("exercise");
  replaceChildren(select, option("", "none: joints only"), option("auto", "auto: recognise it"), ...groups);
  const show = () => showExercise(exercises.find(({ id }) => id === select.value), select.value);
  select.onchange = show;
  select.value = "squat";
  show();
}

/** @returns {Record<string, any>} the options of a job that the choice makes */
export function exerciseOptions() {
  const exercise = byId("exercise").value;
  const height = byId("height");
  return { ...(exercise ? { exercise } : {}), ...(height.hidden || !height.value ? {} : { userHeightCm: Number(height.value) }) };
}

/** @param {Exercise | undefined} exercise @param {string} value */
function showExercise(exercise, value) {
  const needsHeight = exercise?.requires.includes("userHeightCm") ?? false;
  const height = byId("height");
  [height.hidden, height.required, height.labels[0].hidden] = [!needsHeight, needsHeight, !needsHeight];
  const text = exercise
    ? `Counts ${exercise.unit}. Film the whole body ${VIEWS[exercise.view]}.`
    : value === "auto" ? "The exercise is recognised from the movement." : "Nothing is counted.";
  const pictures = (FIGURES[value] ?? []).map(figure);
  replaceChildren(byId("exercise-about"), ...pictures, h("p", { class: "soft small" }, text));
}

/** @param {number[]} places of one pose */
function figure(places) {
  const points = new Map(NAMES.map((name, index) => [name, places.slice(2 * index, 2 * index + 2)]));
  const lines = BONES.filter(([a, b]) => points.has(a) && points.has(b)).map(([a, b]) => {
    const [[x1, y1], [x2, y2]] = [points.get(a), points.get(b)].map((point) => point ?? [0, 0]);
    return s("line", { x1, y1, x2, y2 });
  });
  const [cx, cy] = points.get("nose") ?? [0, 0];
  return s("svg", { viewBox: "0 0 100 100", class: "figure", "aria-hidden": "true" }, ...lines, s("circle", { cx, cy, r: 5 }));
}
