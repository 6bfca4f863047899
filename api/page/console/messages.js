/** @file A job's messages: a lane for each type over the time of the media, and the list of all. */

import { byId, h, replaceChildren, setText } from "../js/dom.js";
import { FrameClock, frameOf } from "../js/clock.js";

/** Messages that may come once a frame; their lane is one bar, the list has them on demand. */
const PER_FRAME = new Set(["keypoints", "angles", "progression", "form_score"]);
/** Rows kept in the list, and marks in a lane. */
const MOST = 1000;

/**
 * @typedef {Record<string, any>} Message
 * @typedef {{frame: number, ms: number | null, id: string, text: string}} Mark `ms`: of the media, where it is told
 */

/** The messages of one job. */
export class Messages {
  /** @param {boolean} frames whether each frame's messages are listed too */
  constructor(frames) {
    this._frames = frames;
    this._clock = new FrameClock();
    /** @type {Map<string, Mark[]>} */
    this._lanes = new Map();
    this._durationMs = 0;
    this._due = false;
    replaceChildren(byId("messages"));
    replaceChildren(byId("lanes"));
  }

  /** @param {{durationMs: number, fps: number}} media */
  setMedia({ durationMs, fps }) {
    this._durationMs = durationMs;
    this._clock.setRate(fps);
    this._drawSoon();
  }

  /** @param {string} id @param {Message} message */
  add(id, message) {
    const { type, ...rest } = message;
    const frame = Math.max(0, frameOf(id));
    const ms = typeof message.timestampMs === "number" ? message.timestampMs : null;
    if (PER_FRAME.has(type) && ms !== null) this._clock.note(frame, ms);
    const text = JSON.stringify(rest).slice(0, 300);
    const marks = this._lanes.get(type) ?? [];
    this._lanes.set(type, marks);
    if (marks.length < MOST || PER_FRAME.has(type)) marks.push({ frame, ms, id, text });
    if (this._frames || !PER_FRAME.has(type)) list(id, message, text);
    this._drawSoon();
  }

  _drawSoon() {
    if (this._due) return;
    this._due = true;
    requestAnimationFrame(() => {
      this._due = false;
      replaceChildren(byId("lanes"), ...[...this._lanes].map(([type, marks]) => this._lane(type, marks)));
    });
  }

  /** @param {string} type @param {Mark[]} marks */
  _lane(type, marks) {
    const [first, last] = [marks[0], marks[marks.length - 1]];
    const shown = PER_FRAME.has(type) ? [bar(this._share(first), this._share(last))] : marks.map((mark) => this._mark(mark));
    return h("div", { class: "lane", "data-type": type }, h("span", {}, type), h("div", { class: "track" }, ...shown), h("span", {}, String(marks.length)));
  }

  /** @param {Mark} mark */
  _mark(mark) {
    const { id, text } = mark;
    const button = h("button", { type: "button", class: "mark", title: `${id} ${text}`, "aria-label": id, onclick: () => open(id) });
    button.style.left = `${100 * this._share(mark)}%`;
    return button;
  }

  /** @param {Mark} mark */
  _share({ frame, ms }) {
    return Math.min(1, (ms ?? this._clock.at(frame)) / (this._durationMs || 1));
  }
}

/** @param {number} from @param {number} to */
function bar(from, to) {
  const element = h("span", { class: "bar-of-frames" });
  [element.style.left, element.style.width] = [`${100 * from}%`, `${100 * (to - from)}%`];
  return element;
}

/** @param {string} id of the row to show in full */
function open(id) {
  const row = byId("messages").querySelector(`[data-id="${id}"] details`);
  if (!row) return;
  row.open = true;
  row.scrollIntoView({ block: "nearest" });
  row.querySelector("summary").focus();
}

/** @param {string} id @param {Message} message @param {string} text */
function list(id, message, text) {
  const rows = byId("messages");
  const atEnd = rows.scrollTop + rows.clientHeight >= rows.scrollHeight - 40;
  const whole = h("pre", {});
  const fill = () => setText(whole, JSON.stringify(message, null, 2));
  const cells = [["place", id], ["type", message.type], ["brief", text]].map(([name, value]) => h("span", { class: name }, value));
  const row = h("details", { ontoggle: fill }, h("summary", {}, ...cells), whole);
  rows.append(h("li", { "data-type": message.type, "data-id": id }, row));
  if (rows.children.length > MOST) rows.firstChild.remove();
  if (atEnd) rows.scrollTop = rows.scrollHeight;
}
