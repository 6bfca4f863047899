/**
 * @file What the messages say of the media, put in time: from them the page draws any moment, so
 * seeking shows what playing showed.
 */

import { FrameClock, frameOf } from "./clock.js";
import { jointAngles } from "./angles.js";
import { pack, unpack } from "./poses.js";
import { Timeline } from "./timeline.js";

/** Types whose time is that of the frame in their id; a counter's is that of its rep. */
const TIMED = new Set(["keypoints", "angles"]);
/** Types whose last value holds until the next one. */
const HELD = new Set(["form_score", "progression", "recommendations", "posture", "jump_height"]);
/** Types that say what happened at a time. */
const EVENTS = new Set(["jump_started", "jump_discarded"]);
/** A pose is drawn on pictures up to this far from its own. */
const POSE_MS = 120;
/** Score of a criterion below which it is a fault, as in the exported video. */
const FAULT = 50;

/**
 * @typedef {Record<string, any>} Message
 * @typedef {{count: number | null, total: number | null, grade: string, progress: number | null,
 *   posture: Message | null, inPosition: boolean, advice: string[], jump: Message | null,
 *   joints: any[] | null, focus: string[]}} Moment `total`: the count in the end, once it is known;
 *   `focus`: joints of the worst fault of the repetition, without the side
 */

/**
 * The joints of the worst fault that names some, of the repetition that is going on.
 * @param {Message[]} history
 * @param {number} ms
 * @returns {string[]}
 */
function faultyJoints(history, ms) {
  const rep = history.find((one) => one.counted && one.startMs <= ms && ms <= one.endMs);
  /** @type {Message[]} */
  const faults = (rep?.criteria ?? []).filter((/** @type {Message} */ one) => one.joints?.length && one.score < FAULT);
  return faults.sort((a, b) => a.score - b.score)[0]?.joints ?? [];
}

/** Everything that is known of one job's media. */
export class Scene {
  constructor() {
    this.timeline = new Timeline();
    this.clock = new FrameClock();
    this.aspect = 16 / 9;
    this._probed = false;
    this.durationMs = 0;
    /** @type {Message | null} */
    this.summary = null;
    /** @type {Message | null} */
    this.jumps = null;
    /** @type {Message | null} */
    this.final = null;
    /** @type {Message[]} */
    this.exports = [];
    this.angles = false;
  }

  /**
   * What probing told of the media.
   * @param {{durationMs: number, width: number, height: number, fps: number}} media
   */
  setMedia(media) {
    this.durationMs = media.durationMs;
    this.clock.setRate(media.fps);
    if (!media.width || !media.height) return;
    this.aspect = media.width / media.height;
    this._probed = true;
  }

  /**
   * The shape of the picture as the browser shows it, until probing tells it.
   * @param {number} aspect
   */
  guessAspect(aspect) {
    if (!this._probed) this.aspect = aspect;
  }

  /**
   * @param {string} id
   * @param {Message} message
   */
  add(id, message) {
    const frame = frameOf(id);
    const told = message.timestampMs;
    if (typeof told === "number" && TIMED.has(message.type)) this.clock.note(frame, told);
    const ms = typeof told === "number" ? told : this.clock.at(Math.max(0, frame));
    if (message.type === "exercise_summary") this.summary = message;
    else if (message.type === "jump_summary") this.jumps = message;
    else if (message.type === "export_ready") this.exports.push(message);
    else if (message.type === "keypoints") this._pose(ms, message);
    else if (message.type === "angles") this._angles(ms, message);
    else if (EVENTS.has(message.type)) this.timeline.add(message.type, ms, message);
    else if (HELD.has(message.type)) this.timeline.add(message.type, ms, message);
    else if (message.type === "initialization") this._progress(frame, message);
    else if (message.type === "counter" && message.final) this.final = message;
    else if (message.type === "counter") this.timeline.add("counter", ms, message);
  }

  /** @param {number} frame @param {Message} message */
  _progress(frame, message) {
    const known = this.durationMs * (message.progress ?? 0);
    if (frame >= 0) this.timeline.end = Math.max(this.timeline.end, known, this.clock.at(frame));
  }

  /** @param {number} ms @param {Message} message */
  _pose(ms, message) {
    this.timeline.add("pose", ms, pack(message.keypoints));
    if (!this.angles) this.timeline.add("joint_angles", ms, jointAngles(message.keypoints, this.aspect));
  }

  /** @param {number} ms @param {Message} message */
  _angles(ms, message) {
    if (!this.angles) this.timeline.clear("joint_angles");
    this.angles = true;
    this.timeline.add("joint_angles", ms, message.angles);
  }

  /**
   * What holds at a moment.
   * @param {number} ms
   * @returns {Moment}
   */
  at(ms) {
    const line = this.timeline;
    const counter = line.at("counter", ms);
    const live = line.at("form_score", ms);
    const posture = line.at("posture", ms);
    const total = this.summary?.counter ?? this.final?.current_count ?? null;
    return {
      count: counter?.current_count ?? (line.end > 0 ? 0 : null),
      total,
      grade: counter?.form_score?.grade ?? live?.grade ?? "",
      progress: line.at("progression", ms)?.value ?? null,
      posture: posture && !posture.ready ? posture : null,
      inPosition: Boolean(posture?.ready),
      advice: line.at("recommendations", ms)?.data ?? [],
      jump: line.at("jump_height", ms),
      joints: unpack(line.nearest("pose", ms, POSE_MS)),
      focus: faultyJoints(this.summary?.history ?? [], ms),
    };
  }

  /**
   * What the whole came to, for a picture that has not been played yet.
   * @returns {Moment}
   */
  whole() {
    const total = this.summary?.counter ?? this.final?.current_count ?? null;
    const grade = this.summary?.grade ?? "";
    const joints = unpack(this.timeline.nearest("pose", 0, POSE_MS));
    const nothing = { progress: null, posture: null, inPosition: false, advice: [], jump: null, focus: [] };
    return { ...nothing, count: total, total, grade, joints };
  }
}
