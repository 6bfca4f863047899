/** @file The skeleton over the picture, in the colours of the exported video. */

const COLOURS = { left: "#38bdf8", right: "#fb923c", middle: "#f1f5f9", outline: "#0f172a", focus: "#ef4444" };
const SURE = [[0.7, "#ffffff"], [0.5, "#facc15"], [0, "#ef4444"]];
/** Joints of a lower score are not drawn. */
const DRAWN_FROM = 0.3;
const FACE = /eye|ear|nose|mouth/;

const LIMBS = [
  ["shoulder", "elbow"], ["elbow", "wrist"], ["shoulder", "hip"], ["hip", "knee"],
  ["knee", "ankle"], ["ankle", "heel"], ["heel", "foot_index"], ["ankle", "foot_index"],
];
/** Pairs of names: COCO's, and BlazePose's where it has more. */
export const BONES = [
  ["left_shoulder", "right_shoulder"],
  ["left_hip", "right_hip"],
  ...LIMBS.flatMap(([a, b]) => ["left", "right"].map((side) => [`${side}_${a}`, `${side}_${b}`])),
];

/**
 * @typedef {{name: string, x: number, y: number, score: number}} Joint x, y 0-1 of the picture
 * @typedef {{x: number, y: number, width: number, height: number}} Box
 */

/**
 * Where `object-fit` puts a picture within a box, centred.
 * @param {string} fit
 * @param {number} boxWidth
 * @param {number} boxHeight
 * @param {number} width of the picture
 * @param {number} height
 * @returns {Box}
 */
export function contentBox(fit, boxWidth, boxHeight, width, height) {
  if (fit === "fill" || !(width > 0 && height > 0)) {
    return { x: 0, y: 0, width: boxWidth, height: boxHeight };
  }
  const [across, down] = [boxWidth / width, boxHeight / height];
  const inside = Math.min(across, down);
  const scales = /** @type {Record<string, number>} */ ({
    cover: Math.max(across, down),
    none: 1,
    "scale-down": Math.min(1, inside),
  });
  const scale = scales[fit] ?? inside;
  return {
    x: (boxWidth - width * scale) / 2,
    y: (boxHeight - height * scale) / 2,
    width: width * scale,
    height: height * scale,
  };
}

/** @param {string} first @param {string} second */
function sideOf(first, second) {
  const [a, b] = [first, second].map((name) => name.split("_")[0]);
  if (a !== b) return COLOURS.middle;
  return a === "left" ? COLOURS.left : COLOURS.right;
}

/** @param {string[]} joints @param {string} name */
function isIn(joints, name) {
  return joints.includes(name.replace(/^(left|right)_/, ""));
}

/** @param {number} score */
function dotColour(score) {
  return String(SURE.find(([from]) => score >= Number(from))?.[1]);
}

/**
 * Draws one pose; sizes follow the picture.
 * @param {CanvasRenderingContext2D} context in CSS pixels
 * @param {Joint[]} joints
 * @param {Box} box
 * @param {string[]} focus joints to look at, without the side: they and the limbs between are red
 */
export function drawPose(context, joints, box, focus = []) {
  const known = new Map();
  for (const joint of joints) {
    if (joint.score < DRAWN_FROM) continue;
    known.set(joint.name, {
      x: box.x + joint.x * box.width,
      y: box.y + joint.y * box.height,
      score: joint.score,
    });
  }
  const unit = Math.min(box.width, box.height);
  const wide = Math.max(2, unit / 110);
  context.lineCap = "round";
  const limbs = BONES.filter(([a, b]) => known.has(a) && known.has(b));
  for (const [extra, colour] of [[1.7, COLOURS.outline], [1, ""]]) {
    for (const [a, b] of limbs) {
      const [from, to] = [known.get(a), known.get(b)];
      const faulty = isIn(focus, a) && isIn(focus, b);
      context.strokeStyle = String(colour) || (faulty ? COLOURS.focus : sideOf(a, b));
      context.lineWidth = wide * Number(extra) * (faulty ? 1.4 : 1);
      context.beginPath();
      context.moveTo(from.x, from.y);
      context.lineTo(to.x, to.y);
      context.stroke();
    }
  }
  for (const [name, point] of known) {
    const faulty = isIn(focus, name);
    const radius = Math.max(2, unit / 100) * (FACE.test(name) ? 0.6 : faulty ? 1.6 : 1);
    dot(context, point, radius, COLOURS.outline);
    dot(context, point, radius * 0.65, faulty ? COLOURS.focus : dotColour(point.score));
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number}} point
 * @param {number} radius
 * @param {string} colour
 */
function dot(context, point, radius, colour) {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(point.x, point.y, radius, 0, 2 * Math.PI);
  context.fill();
}
