/** @file Claim checks: a large message travels as an address, and its host gets it whole. */

/** @typedef {Record<string, any>} Message */

/** What is left out of a large message of a type. */
const LARGE = /** @type {Record<string, string>} */ ({
  keypoints_batch: "frames",
  image_overlay: "dataUrl",
});

/** The object behind a claim check could not be had; its address is signed anew at a new read. */
export class ClaimLost extends Error {}

/** @param {Message} message */
export function isClaimCheck(message) {
  const field = LARGE[message.type];
  return field !== undefined && message[field] === undefined && typeof message.url === "string";
}

/**
 * The message itself, or what lies behind it; throws ClaimLost.
 * @param {Message} message
 * @param {typeof fetch} [get]
 * @returns {Promise<Message>}
 */
export async function whole(message, get = globalThis.fetch.bind(globalThis)) {
  if (!isClaimCheck(message)) return message;
  try {
    const response = await get(message.url, { credentials: "omit", cache: "no-store" });
    if (!response.ok) throw new Error(`answered ${response.status}`);
    return await response.json();
  } catch (error) {
    throw new ClaimLost(`${message.type}: ${error}`);
  }
}
