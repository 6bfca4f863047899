/** @file Poses as few bytes: a video has thirty a second, and all are kept for seeking. */

/**
 * @typedef {{name: string, x: number, y: number, score: number}} Joint
 * @typedef {{names: string[], values: Float32Array}} Packed x, y, score of each joint
 */

/** @type {Map<string, string[]>} */
const KNOWN = new Map();

/**
 * @param {Joint[]} joints
 * @returns {Packed}
 */
export function pack(joints) {
  const key = joints.map((joint) => joint.name).join();
  const names = KNOWN.get(key) ?? key.split(",");
  KNOWN.set(key, names);
  return { names, values: Float32Array.from(joints.flatMap(({ x, y, score }) => [x, y, score])) };
}

/**
 * @param {Packed | null} packed
 * @returns {Joint[] | null}
 */
export function unpack(packed) {
  if (!packed) return null;
  const { names, values } = packed;
  return names.map((name, index) => {
    const [x, y, score] = values.subarray(3 * index, 3 * index + 3);
    return { name, x, y, score };
  });
}
