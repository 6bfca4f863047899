/**
 * @file Which time a frame has. Many messages bear no time, but the id of each names its frame; the
 * times that other messages do bear, and the frame rate in between, give the rest.
 */

/** Frame indices against milliseconds of media. */
export class FrameClock {
  constructor() {
    /** @type {number[]} */
    this._frames = [];
    /** @type {number[]} */
    this._times = [];
    this._fps = 30;
  }

  /** @param {number} fps sampling rate, where no two times are known */
  setRate(fps) {
    if (fps > 0) this._fps = fps;
  }

  /**
   * A frame whose time is known.
   * @param {number} frame
   * @param {number} ms
   */
  note(frame, ms) {
    const place = upper(this._frames, frame);
    if (this._frames[place - 1] === frame) this._times[place - 1] = ms;
    else {
      this._frames.splice(place, 0, frame);
      this._times.splice(place, 0, ms);
    }
  }

  /**
   * Milliseconds of a frame: known, between two known ones, or by the rate from the nearest.
   * @param {number} frame
   */
  at(frame) {
    const [frames, times] = [this._frames, this._times];
    const place = upper(frames, frame);
    const perFrame = 1000 / this._fps;
    if (place === 0) {
      return frames.length ? Math.max(0, times[0] - (frames[0] - frame) * perFrame) : frame * perFrame;
    }
    const [frame0, time0] = [frames[place - 1], times[place - 1]];
    if (place === frames.length) return time0 + (frame - frame0) * perFrame;
    const share = (frame - frame0) / (frames[place] - frame0);
    return time0 + share * (times[place] - time0);
  }
}

/**
 * How many of the sorted `values` are at most `value`.
 * @param {ArrayLike<number>} values
 * @param {number} value
 */
export function upper(values, value) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The frame that an entry id names; -1 before the first.
 * @param {string} id
 */
export function frameOf(id) {
  return Number(id.split("-")[0]) - 1;
}
