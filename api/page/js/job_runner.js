/** @file One job from its request to its end, as the page and its host see it. */

import { Refusal, passes } from "./api.js";
import { follow } from "./follow.js";
import { sleep } from "./backoff.js";
import { relay } from "./relay.js";
import { whole } from "./claim_check.js";

/** Codes of `error` messages that do not end a job. */
export const WARNINGS = new Set(["no_person_detected", "backend_fallback_cpu"]);
const LOOK_MS = 2000;
const QUIET_MS = 7000;
/** Of longer videos the page asks for no poses of its own: megabytes a minute for a drawing. */
const DRAWN_S = 600;

/**
 * @typedef {Record<string, any>} Message
 * @typedef {import("./api.js").Api} Api
 * @typedef {import("./session.js").Session} Session
 */

/**
 * What the page asks for beside the host: poses for the skeleton, progress for the rep bar. They
 * are drawn, not handed over. Where nothing is counted, poses come by themselves.
 * @param {Record<string, any>} options that the host asked for
 * @param {string[]} blocked by the plan
 * @param {boolean} video
 * @param {boolean} counts whether there is an exercise or a reference
 * @param {number | null} [seconds] length of the video, where it is known
 * @returns {Record<string, any>}
 */
export function withOwnWishes(options, blocked, video, counts, seconds = null) {
  const wishes = /** @type {Record<string, any>} */ ({});
  const drawn = video && options.skeleton !== false && (seconds ?? 0) <= DRAWN_S;
  if (drawn && counts && !blocked.includes("keypoints")) wishes.keypoints = true;
  if (video && counts && !blocked.includes("progression")) wishes.progression = true;
  return { ...options, ...wishes };
}

/**
 * Whether the host is to have messages of a type.
 * @param {Record<string, any>} options that it asked for
 * @param {"video" | "image"} source
 * @param {string} type
 */
export function isAsked(options, source, type) {
  const counts = source === "video" && Boolean(options.exercise || options.reference);
  if (type === "keypoints") return options.keypoints === true || !counts;
  if (type === "keypoints_batch") return options.keypoints === true;
  if (type === "progression") return options.progression === true;
  return true;
}

/**
 * Makes the job of a session, once whatever is repeated or reloaded; gives its id.
 * @param {Api} api
 * @param {Session} session with `key` and `body`
 * @param {AbortSignal} signal
 * @returns {Promise<string>}
 */
export async function submit(api, session, signal) {
  const { key = "", body } = session.saved;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const headers = { "Idempotency-Key": key };
      const request = { method: "POST", body, headers, again: true, patient: true, signal };
      const job = await api.call("v1/jobs", request);
      session.save({ job: job.id });
      return job.id;
    } catch (error) {
      // the request before the reload is still being handled
      const handled = error instanceof Refusal && error.status === 409 && /Idempotency/.test(error.message);
      if (!handled || attempt >= 10) throw error;
      await sleep(500, signal);
    }
  }
}

/**
 * Follows the job of a session to its end; gives `done`.
 * @param {Api} api
 * @param {Session} session
 * @param {Record<string, any>} options that the host asked for
 * @param {import("./transport.js").Transport} transport
 * @param {(id: string, message: Message) => void} show
 * @param {AbortSignal} signal
 */
export async function followJob(api, session, options, transport, show, signal) {
  const job = session.saved.job ?? "";
  await transport.ready;
  const done = await relay({
    follow: (after) => follow(api, job, after, { signal }),
    whole: (message) => whole(message),
    asked: (type) => isAsked(options, session.saved.source ?? "video", type),
    // hosts know a message by its id, also among those of the next file
    send: (message) => transport.send({ ...message, id: `${job}/${message.id}` }),
    given: session.saved.given,
    resumed: session.resumed,
    saveGiven: (id) => session.save({ given: id }),
    show,
    wait: (ms) => sleep(ms, signal),
  });
  session.save({ over: true });
  return done;
}

/**
 * Whether a job's record is to be looked at, for why nothing happens: before its first message, and
 * where its last one was so long ago that its worker may be gone (the record says so after 6 s).
 * @param {number} heard when the last message came, in ms; minus infinity before the first
 * @param {number} now
 */
export function isQuiet(heard, now) {
  return now - heard > QUIET_MS;
}

/**
 * Looks at a job's record every two seconds, while it is `due`, until the job is over.
 * @param {Api} api
 * @param {string} job
 * @param {() => boolean} due
 * @param {(record: Record<string, any>) => void} take
 * @param {AbortSignal} signal
 */
export async function watchRecord(api, job, due, take, signal) {
  while (!signal.aborted) {
    try {
      const record = due() ? await api.call(`v1/jobs/${job}`, { signal }) : null;
      if (signal.aborted || (record && !["queued", "running"].includes(record.status))) return;
      if (record) take(record);
    } catch (error) {
      if (error instanceof Refusal && !passes(error)) return;
    }
    await sleep(LOOK_MS, signal).catch(() => {});
  }
}

/** @param {Record<string, any>} record */
export function withoutWorkers(record) {
  return (record.warnings ?? []).includes("queue_without_workers");
}
