/** @file Waiting: how long between two tries, and how to wait so that it can be called off. */

const FIRST_MS = 500;
const MOST_MS = 15_000;
/** Breaks in a row of what is under way until it is given up: about ten minutes. */
export const PATIENCE = 45;

/**
 * Milliseconds until try number `attempt` + 1: doubling, up to a limit, never the same for all.
 * @param {number} attempt from 0
 * @param {() => number} [random] 0-1
 */
export function pauseMs(attempt, random = Math.random) {
  return Math.min(MOST_MS, FIRST_MS * 2 ** attempt) * (0.75 + random() / 2);
}

/**
 * Resolves after `ms`, or as soon as the network is back or a phone that slept is looked at again.
 * @param {number} ms
 * @param {AbortSignal} [signal] rejects with its reason
 * @returns {Promise<void>}
 */
export function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const done = () => {
      over.abort();
      resolve();
    };
    const timer = setTimeout(done, ms);
    over.signal.addEventListener("abort", () => clearTimeout(timer));
    const stop = () => {
      over.abort();
      reject(signal?.reason);
    };
    const once = { once: true, signal: over.signal };
    globalThis.window?.addEventListener("online", done, once);
    globalThis.document?.addEventListener("visibilitychange", done, once);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, once);
  });
}
