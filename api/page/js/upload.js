/**
 * @file A file straight to the object store: one PUT, or parts of which each is sent again until
 * it has arrived. The API only hands out the addresses.
 */

import { Refusal, Unreachable } from "./api.js";
import { pauseMs, sleep } from "./backoff.js";
import { typeOf } from "./media_types.js";

/** Parts under way at once. */
const LANES = 3;
/** Breaks in a row of one piece until it gives up: about ten minutes. */
const PATIENCE = 45;
/** No byte went for so long: the connection is dead, though nobody says so. */
const STALL_MS = 60_000;

/**
 * @typedef {{number: number, etag: string}} PartDone
 * @typedef {{signal: AbortSignal, onProgress: (share: number) => void,
 *   onConnection: (lost: boolean) => void, wait?: typeof sleep, put?: typeof put}} Tools
 */

/**
 * Uploads a file and gives its id for a job request; throws Refusal, Unreachable, or the signal's
 * reason.
 * @param {import("./api.js").Api} api
 * @param {File} file
 * @param {Tools} tools
 * @returns {Promise<string>}
 */
export async function upload(api, file, tools) {
  for (let expired = 0; ; expired += 1) {
    const place = await api.call("v1/uploads", {
      method: "POST",
      body: { filename: plainName(file.name), contentType: typeOf(file), bytes: file.size },
      again: true, // a place that nobody fills is swept away
      signal: tools.signal,
    });
    try {
      if (place.parts) await putParts(api, file, place, tools);
      else await persistently(place.url, place.headers, file, tools, tools.onProgress);
      return place.id;
    } catch (error) {
      // the addresses hold for a limited time only
      if (!(error instanceof Refusal) || error.status !== 403 || expired >= 2) throw error;
    }
  }
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
 * @param {{id: string, partBytes: number, parts: {number: number, url: string}[]}} place
 * @param {Tools} tools
 */
async function putParts(api, file, place, tools) {
  const sent = new Map();
  /** @type {PartDone[]} */
  const done = [];
  const left = [...place.parts];
  const lane = async () => {
    for (let part = left.shift(); part; part = left.shift()) {
      const { number, url } = part;
      const piece = file.slice((number - 1) * place.partBytes, number * place.partBytes);
      const report = (/** @type {number} */ share) => {
        sent.set(number, share * piece.size);
        tools.onProgress([...sent.values()].reduce((sum, bytes) => sum + bytes, 0) / file.size);
      };
      const etag = await persistently(url, {}, piece, tools, report);
      done.push({ number, etag });
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
  await api.call(path, { method: "POST", body: { parts: done }, again: true, signal: tools.signal });
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
