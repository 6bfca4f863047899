/**
 * @file Messages to the page and to its host: each once, in order, whole, across reloads.
 *
 * After a reload all are read again, for the page draws from them; the host gets those that lie
 * behind the last one it was given, and once more what closes the job, for it may have lost that
 * with the reload. Each bears its `id`, by which a host that lost nothing knows it again.
 */

import { isAfter } from "./follow.js";
import { pauseMs } from "./backoff.js";
import { ClaimLost, isClaimCheck } from "./claim_check.js";

/** Times in a row that one claim check is tried. */
const TRIES = 8;
/** Types of which nothing more comes once the job is over: what a host shows at its end. */
const CLOSING = new Set([
  "exercise_summary", "jump_summary", "export_ready", "image_overlay", "error",
]);

/**
 * @typedef {import("./follow.js").Entry} Entry
 * @typedef {import("./follow.js").Message} Message
 * @typedef {{
 *   follow: (after: string) => AsyncIterable<Entry>,
 *   whole: (message: Message) => Promise<Message>,
 *   asked: (type: string) => boolean,
 *   send: (message: Message) => void,
 *   given: string,
 *   resumed?: boolean,
 *   saveGiven: (id: string) => void,
 *   show: (id: string, message: Message) => void,
 *   wait: (ms: number) => Promise<void>,
 * }} Ends `given` is the id of the last message that the host has, `resumed` whether the page was
 *   reloaded since; `asked` tells which types it asked for
 */

/**
 * Runs until `done`, which stays here, and gives it.
 * @param {Ends} ends
 * @returns {Promise<Message>}
 */
export async function relay(ends) {
  let place = "0-0";
  let given = ends.given;
  for (let tries = 0; ; tries += 1) {
    try {
      for await (const { id, message, part = 0, last = true } of ends.follow(place)) {
        if (message.type === "done") {
          ends.show(id, message);
          return message;
        }
        const fresh = isAfter(id, given);
        const again = ends.resumed && !isAfter(id, ends.given) && isClosing(message);
        const due = ends.asked(message.type) && (fresh || again);
        const full = due || isDrawn(message) ? await ends.whole(message) : message;
        if (due) ends.send({ ...full, id: part ? `${id}/${part + 1}` : id });
        if (last && fresh) ends.saveGiven((given = id));
        ends.show(id, full);
        if (last) [place, tries] = [id, 0];
      }
    } catch (error) {
      if (!(error instanceof ClaimLost) || tries + 1 >= TRIES) throw error;
    }
    await ends.wait(pauseMs(tries));
  }
}

/** @param {Message} message */
function isClosing(message) {
  return CLOSING.has(message.type) || (message.type === "counter" && message.final === true);
}

/** @param {Message} message */
function isDrawn(message) {
  return message.type === "image_overlay" && isClaimCheck(message);
}
