/** @file Joint angles out of keypoints, as the messages `angles` give them, in degrees. */

/** A joint and its two neighbours, without their side. */
const TRIPLES = /** @type {const} */ ({
  knee: ["hip", "knee", "ankle"],
  hip: ["knee", "hip", "shoulder"],
  shoulder: ["hip", "shoulder", "elbow"],
  elbow: ["shoulder", "elbow", "wrist"],
});
export const JOINTS = /** @type {(keyof typeof TRIPLES)[]} */ (Object.keys(TRIPLES));
/** Joints of a lower score give no angle. */
const KNOWN_FROM = 0.3;

/**
 * @typedef {{name: string, x: number, y: number, score: number}} Joint
 */

/**
 * `{left_knee: degrees, …}` of the joints that are seen.
 * @param {Joint[]} joints x, y 0-1 of the picture
 * @param {number} aspect its width over its height
 * @returns {Record<string, number>}
 */
export function jointAngles(joints, aspect) {
  const places = new Map(joints.map((joint) => [joint.name, joint]));
  /** @type {Record<string, number>} */
  const found = {};
  for (const side of ["left", "right"]) {
    for (const joint of JOINTS) {
      const [a, b, c] = TRIPLES[joint].map((name) => places.get(`${side}_${name}`));
      if (a && b && c && Math.min(a.score, b.score, c.score) >= KNOWN_FROM) {
        found[`${side}_${joint}`] = between(a, b, c, aspect);
      }
    }
  }
  return found;
}

/**
 * The angle at `b`.
 * @param {Joint} a
 * @param {Joint} b
 * @param {Joint} c
 * @param {number} aspect
 */
function between(a, b, c, aspect) {
  const [ux, uy] = [(a.x - b.x) * aspect, a.y - b.y];
  const [vx, vy] = [(c.x - b.x) * aspect, c.y - b.y];
  const radians = Math.atan2(Math.abs(ux * vy - uy * vx), ux * vx + uy * vy);
  return (radians * 180) / Math.PI;
}
