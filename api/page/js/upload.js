/**
 * @file A file straight to the object store: one PUT, or parts of which each is sent again until
 * it has arrived. The API only hands out the addresses.
 */

import { Refusal, Unreachable } from "./api.js";
import { PATIENCE, pauseMs, sleep } from "./backoff.js";
import { typeOf } from "./media_types.js";

/** Parts under way at once. */
const LANES = 3;
/** No byte went for so long: the connection is dead, though nobody says so. */
const STALL_MS = 60_000;

/** Answers of the store to an address that holds no more, or to an upload that was swept away. */
const GONE = [403, 404];

/**
 * @typedef {{number: number, etag: string}} PartDone
 * @typedef {{id: string, url: string, headers: Record<string, string>, partBytes: number,
 *   parts?: {number: number, url: string}[]}} Place the API's answer; with `parts` for large files
 * @typedef {{file: string, place: Place, done: PartDone[]}} Begun an upload in parts, as far as it
 *   came; `file` tells which file it is of
 * @typedef {{signal: AbortSignal, onProgress: (share: number) => void,
 *   onConnection: (lost: boolean) => void, begun?: Begun, onPart?: (begun: Begun) => void,
 *   wait?: typeof sleep, put?: typeof put}} Tools `begun` before a reload; `onPart` gets what to
 *   keep for the next one
 */

/**
 * Uploads a file and gives its id for a job request; throws Refusal, Unreachable, or the signal's
 * reason. An upload in parts that was begun goes on with the parts that are left.
 * @param {import("./api.js").Api} api
 * @param {File} file
 * @param {Tools} tools
 * @returns {Promise<string>}
 */
export async function upload(api, file, tools) {
  let begun = isBegun(file, tools.begun) ? tools.begun : null;
  for (let expired = 0; ; expired += 1) {
    begun = begun ?? { file: nameOf(file), place: await askPlace(api, file, tools), done: [] };
    const { place } = begun;
    try {
      if (place.parts) await putParts(api, file, begun, tools);
      else await persistently(place.url, place.headers, file, tools, tools.onProgress);
      return place.id;
    } catch (error) {
      // the addresses hold for a limited time only
      if (!(error instanceof Refusal) || !GONE.includes(error.status) || expired >= 2) throw error;
      begun = null;
    }
  }
}

/**
 * Whether some of a file was stored already.
 * @param {File} file
 * @param {Begun | null | undefined} begun
 */
export function isBegun(file, begun) {
  return begun?.file === nameOf(file) && begun.done.length > 0;
}

/** @param {File} file */
function nameOf({ name, size, lastModified }) {
  return `${size} ${lastModified} ${name}`;
}

/**
 * @param {import("./api.js").Api} api
 * @param {File} file
 * @param {Tools} tools
 * @returns {Promise<Place>}
 */
function askPlace(api, file, { signal }) {
  const body = { filename: plainName(file.name), contentType: typeOf(file), bytes: file.size };
  // asked again after a break: a place that nobody fills is swept away
  return api.call("v1/uploads", { method: "POST", body, again: true, patient: true, signal });
}

/**
 * A name without what the API refuses; joiners are a part of names and of emoji.
 * @param {string} name
 */
export function plainName(name) {
  const plain = name.toWellFormed?.() ?? name;
  return [...plain.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, "")].slice(-255).join("") || "file";
}

/**
 * @param {import("./api.js").Api} api
 * @param {File} file
 * @param {Begun} begun
 * @param {Tools} tools
 */
async function putParts(api, file, begun, tools) {
  const { place, done } = begun;
  const stored = new Set(done.map(({ number }) => number));
  const left = (place.parts ?? []).filter(({ number }) => !stored.has(number));
  const pieceOf = (/** @type {number} */ number) =>
    file.slice((number - 1) * place.partBytes, number * place.partBytes);
  const sent = new Map(done.map(({ number }) => [number, pieceOf(number).size]));
  const lane = async () => {
    for (let part = left.shift(); part; part = left.shift()) {
      const { number, url } = part;
      const piece = pieceOf(number);
      const report = (/** @type {number} */ share) => {
        sent.set(number, share * piece.size);
        tools.onProgress([...sent.values()].reduce((sum, bytes) => sum + bytes, 0) / file.size);
      };
      const etag = await persistently(url, {}, piece, tools, report);
      done.push({ number, etag });
      tools.onPart?.(begun);
    }
  };
  const orStop = () =>
    lane().catch((error) => {
      left.length = 0;
      throw error;
    });
  await Promise.all(Array.from({ length: Math.min(LANES, left.length) }, orStop));
  done.sort((a, b) => a.number - b.number);
  const path = `v1/uploads/${place.id}/complete`;
  const body = { parts: done };
  await api.call(path, { method: "POST", body, again: true, patient: true, signal: tools.signal });
}

/**
 * One piece, again and again while the connection is at fault; gives its ETag.
 * @param {string} url
 * @param {Record<string, string>} headers
 * @param {Blob} piece
 * @param {Tools} tools
 * @param {(share: number) => void} report
 * @returns {Promise<string>}
 */
async function persistently(url, headers, piece, tools, report) {
  const { signal, onConnection, wait = sleep, put: send = put } = tools;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const etag = await send(url, headers, piece, signal, report);
      onConnection(false);
      return etag;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const passing = error instanceof Unreachable || (error instanceof Refusal && error.status >= 500);
      if (!passing || attempt >= PATIENCE) throw error;
      report(0);
      onConnection(true);
      await wait(pauseMs(attempt), signal);
    }
  }
}

/**
 * One PUT with progress, which fetch cannot tell.
 * @param {string} url
 * @param {Record<string, string>} headers
 * @param {Blob} piece
 * @param {AbortSignal} signal
 * @param {(share: number) => void} report
 * @returns {Promise<string>}
 */
export function put(url, headers, piece, signal, report) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    let timer = setTimeout(stop, STALL_MS);
    signal.addEventListener("abort", stop, { once: true });
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      clearTimeout(timer);
      timer = setTimeout(stop, STALL_MS);
      report(event.loaded / Math.max(1, piece.size));
    };
    request.onerror = () => reject(new Unreachable("the upload broke"));
    request.onabort = () => reject(signal.aborted ? signal.reason : new Unreachable("stalled"));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) {
        report(1);
        resolve(request.getResponseHeader("ETag") ?? "");
      } else reject(new Refusal(request.status, { detail: `the store answered ${request.status}` }));
    };
    request.onloadend = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    };
    request.send(piece);
  });
}
