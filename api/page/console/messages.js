/** @file A job's messages: a lane for each type over the time of the media, and the list of all. */

import { byId, h, replaceChildren, setText } from "../js/dom.js";
import { FrameClock, frameOf } from "../js/clock.js";

/** Messages that may come once a frame; their lane is one bar, the list has them on demand. */
const PER_FRAME = new Set(["keypoints", "angles", "progression", "form_score"]);
/** Rows kept in the list, and marks in a lane: the last ones. */
const MOST = 1000;

/**
 * @typedef {Record<string, any>} Message
 * @typedef {{frame: number, ms: number | null}} Place `ms`: of the media, where it is told
 */

/** The messages of one job. */
export class Messages {
  /** @param {boolean} frames whether each frame's messages are listed too */
  constructor(frames) {
    this._frames = frames;
    this._clock = new FrameClock();
    /** @type {Map<string, Lane>} */
    this._lanes = new Map();
    this._durationMs = 0;
    replaceChildren(byId("messages"));
    replaceChildren(byId("lanes"));
  }

  /** @param {{durationMs: number, fps: number}} media */
  setMedia({ durationMs, fps }) {
    this._durationMs = durationMs;
    this._clock.setRate(fps);
    for (const lane of this._lanes.values()) lane.place();
  }

  /** @param {string} id @param {Message} message */
  add(id, message) {
    const { type, ...rest } = message;
    const frame = Math.max(0, frameOf(id));
    const ms = typeof message.timestampMs === "number" ? message.timestampMs : null;
    const perFrame = PER_FRAME.has(type);
    if (perFrame && ms !== null) this._clock.note(frame, ms);
    const lane = this._lane(type);
    if (perFrame) lane.stretch({ frame, ms });
    if (perFrame && !this._frames) return;
    const text = JSON.stringify(rest).slice(0, 300);
    if (!perFrame) lane.mark({ frame, ms }, id, text);
    list(id, message, text);
  }

  /** @param {string} type */
  _lane(type) {
    let lane = this._lanes.get(type);
    if (!lane) {
      lane = new Lane(type, (place) => this._share(place));
      this._lanes.set(type, lane);
      byId("lanes").append(lane.element);
    }
    return lane;
  }

  /** @param {Place} place */
  _share({ frame, ms }) {
    return Math.min(1, (ms ?? this._clock.at(frame)) / (this._durationMs || 1));
  }
}

/** Messages of one type: how many, and where in the media. */
class Lane {
  /**
   * @param {string} type
   * @param {(place: Place) => number} share of the media that lies before a place, 0 to 1
   */
  constructor(type, share) {
    this._share = share;
    this._count = 0;
    /** @type {{place: Place, button: HTMLElement}[]} */
    this._marks = [];
    /** @type {{first: Place, last: Place, element: HTMLElement} | null} */
    this._bar = null;
    this._track = h("div", { class: "track" });
    this._number = h("span", {});
    this.element = h("div", { class: "lane", "data-type": type }, h("span", {}, type), this._track, this._number);
  }

  /** @param {Place} place @param {string} id @param {string} text */
  mark(place, id, text) {
    this._tally();
    const button = h("button", { type: "button", class: "mark", title: `${id} ${text}`, "aria-label": id, onclick: () => open(id) });
    button.style.left = percent(this._share(place));
    this._track.append(button);
    this._marks.push({ place, button });
    if (this._marks.length > MOST) this._marks.shift()?.button.remove();
  }

  /** @param {Place} place to which the bar goes on */
  stretch(place) {
    this._tally();
    if (!this._bar) {
      this._bar = { first: place, last: place, element: h("span", { class: "bar-of-frames" }) };
      this._track.append(this._bar.element);
    }
    this._bar.last = place;
    this._placeBar();
  }

  /** Places all once more, after more is known of the media. */
  place() {
    for (const { place, button } of this._marks) button.style.left = percent(this._share(place));
    this._placeBar();
  }

  _placeBar() {
    if (!this._bar) return;
    const { first, last, element } = this._bar;
    const from = this._share(first);
    [element.style.left, element.style.width] = [percent(from), percent(this._share(last) - from)];
  }

  _tally() {
    this._count += 1;
    setText(this._number, String(this._count));
  }
}

/** @param {number} share */
function percent(share) {
  return `${100 * share}%`;
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
