/** @file A job's messages as they are said, resumed where the connection broke, until `done`. */

import { Refusal, Unreachable, passes } from "./api.js";
import { PATIENCE, pauseMs, sleep } from "./backoff.js";
import { listen } from "./dom.js";
import { readEvents } from "./sse.js";

/** Three heartbeats of the server without a byte: the connection is dead. */
const SILENCE_MS = 45_000;

/**
 * @typedef {Record<string, any>} Message
 * @typedef {{id: string, message: Message, part?: number, last?: boolean}} Entry an edition may
 *   show several messages for one id: `part` is which, from 0
 * @typedef {{signal?: AbortSignal, wait?: typeof sleep, silenceMs?: number, edition?: string}} Tools
 */

/**
 * Whether entry id `a` lies behind `b`; ids are `<frame+1>-<n>`.
 * @param {string} a
 * @param {string} b
 */
export function isAfter(a, b) {
  const [first, second] = [a, b].map((id) => id.split("-").map(Number));
  return first[0] !== second[0] ? first[0] > second[0] : (first[1] || 0) > (second[1] || 0);
}

/**
 * Messages after `after`, in the superset edition unless told otherwise; throws a Refusal that time does not mend.
 * @param {import("./api.js").Api} api
 * @param {string} job
 * @param {string} after
 * @param {Tools} [tools]
 * @returns {AsyncGenerator<Entry>}
 */
export async function* follow(api, job, after, tools = {}) {
  const { signal, wait = sleep, silenceMs = SILENCE_MS, edition = "superset" } = tools;
  const path = `v1/jobs/${job}/messages?edition=${edition}`;
  let last = after;
  for (let broken = 0; ; broken += 1) {
    try {
      for await (const entry of connected(api, path, last, signal, silenceMs)) {
        broken = 0;
        // of several with one id all are read again where the line breaks between them
        if (entry.last) last = entry.id;
        yield entry;
        if (entry.message.type === "done") return;
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (error instanceof Refusal && !passes(error)) throw error;
      if (broken >= PATIENCE) throw new Unreachable(String(error));
      if (broken > 0) api.onConnection(true);
    }
    await wait(broken === 0 ? 250 : pauseMs(broken), signal);
  }
}

/**
 * One connection's messages; throws where it breaks or falls silent.
 * @param {import("./api.js").Api} api
 * @param {string} path
 * @param {string} last
 * @param {AbortSignal | undefined} signal
 * @param {number} silenceMs
 * @returns {AsyncGenerator<Entry>}
 */
async function* connected(api, path, last, signal, silenceMs) {
  const breaker = new AbortController();
  const stop = () => breaker.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  // the system knows before the connection does, which may hang for minutes
  const offline = () => breaker.abort();
  if (globalThis.window) listen(window, "offline", offline, breaker.signal);
  let timer = setTimeout(() => breaker.abort(), silenceMs);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => breaker.abort(), silenceMs);
    api.onConnection(false);
  };
  try {
    const headers = { Accept: "text/event-stream", "Last-Event-ID": last };
    const response = await api.open(path, { headers, signal: breaker.signal });
    if (!response.body) throw new Unreachable("no body");
    /** @type {Message[]} */
    const group = [];
    for await (const event of readEvents(response.body, heard)) {
      group.push(JSON.parse(event.data));
      // the last message of an entry alone bears its id
      if (!event.named) continue;
      const messages = group.splice(0);
      for (const [part, message] of messages.entries()) {
        yield { id: event.id, message, part, last: part + 1 === messages.length };
      }
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    breaker.abort();
  }
}
