/** @file What holds at which moment of the media: messages by type and time, found by bisection. */

import { upper } from "./clock.js";

/** Values by kind, each valid from its time until the next one's. */
export class Timeline {
  constructor() {
    /** @type {Map<string, {times: number[], values: any[]}>} */
    this._rows = new Map();
    /** The latest time that anything is known of. */
    this.end = 0;
  }

  /**
   * @param {string} kind
   * @param {number} ms
   * @param {any} value
   */
  add(kind, ms, value) {
    const row = this._rows.get(kind) ?? { times: [], values: [] };
    this._rows.set(kind, row);
    const place = upper(row.times, ms);
    row.times.splice(place, 0, ms);
    row.values.splice(place, 0, value);
    this.end = Math.max(this.end, ms);
  }

  /** @param {string} kind */
  clear(kind) {
    this._rows.delete(kind);
  }

  /**
   * The value that holds at `ms`, or null; with `withinMs` it must not be older than that.
   * @param {string} kind
   * @param {number} ms
   * @param {number} [withinMs]
   */
  at(kind, ms, withinMs = Number.POSITIVE_INFINITY) {
    const row = this._rows.get(kind);
    const place = row ? upper(row.times, ms) - 1 : -1;
    if (!row || place < 0 || ms - row.times[place] > withinMs) return null;
    return row.values[place];
  }

  /**
   * The value whose time is nearest to `ms`, at most `withinMs` away.
   * @param {string} kind
   * @param {number} ms
   * @param {number} withinMs
   */
  nearest(kind, ms, withinMs) {
    const row = this._rows.get(kind);
    if (!row) return null;
    const place = upper(row.times, ms);
    const [before, after] = [place - 1, place].map((index) => Math.abs(row.times[index] - ms));
    const best = !(after < before) ? place - 1 : place;
    return Math.abs(row.times[best] - ms) <= withinMs ? row.values[best] : null;
  }

  /**
   * All values of a kind with their times.
   * @param {string} kind
   * @returns {{times: number[], values: any[]}}
   */
  all(kind) {
    return this._rows.get(kind) ?? { times: [], values: [] };
  }
}
