/** @file The HTTP API as the page uses it. The key goes in a header, never in an address. */

import { PATIENCE, pauseMs, sleep } from "./backoff.js";

/** Requests that may be repeated are sent so often at most. */
const TRIES = 6;
const PASSING = new Set([429, 502, 503, 504]);

/**
 * @typedef {Record<string, any>} Json
 * @typedef {{method?: string, body?: Json, headers?: Record<string, string>, again?: boolean,
 *   patient?: boolean, signal?: AbortSignal}} Request `patient`: a person's file waits for it
 */

/** An answer that is a refusal: an RFC 9457 problem with a code. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {Json} problem
   * @param {number | null} [retryAfterS]
   */
  constructor(status, problem, retryAfterS = null) {
    super(String(problem.detail || problem.title || status));
    this.name = "Refusal";
    this.status = status;
    this.code = String(problem.code || "internal");
    this.details = /** @type {Json} */ (problem.details || {});
    this.retryAfterS = retryAfterS;
  }
}

/** No answer came. */
export class Unreachable extends Error {}

/** @param {Response} response */
async function refusalOf(response) {
  let problem = {};
  try {
    problem = await response.json();
  } catch {
    // a proxy's own page
  }
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new Refusal(response.status, problem, Number.isFinite(seconds) ? seconds : null);
}

/** One server and one key. */
export class Api {
  /**
   * @param {string} base address of the pages' folder or the server, with a slash at its end
   * @param {string} token
   * @param {{fetch?: typeof fetch, wait?: typeof sleep}} [tools]
   */
  constructor(base, token, tools = {}) {
    this._base = base;
    this._token = token;
    this._fetch = tools.fetch ?? globalThis.fetch.bind(globalThis);
    this._wait = tools.wait ?? sleep;
    /** @type {(lost: boolean) => void} */
    this.onConnection = () => {};
  }

  /**
   * One request without a second try; any answer but 2xx is thrown as a Refusal.
   * @param {string} path below the base
   * @param {Request} [request]
   */
  async open(path, request = {}) {
    const { method = "GET", body, headers = {}, signal } = request;
    const sent = new Headers({ Authorization: `Bearer ${this._token}`, ...headers });
    if (body !== undefined) sent.set("Content-Type", "application/json");
    let response;
    try {
      response = await this._fetch(this._base + path, {
        method,
        headers: sent,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal,
        cache: "no-store",
        credentials: "omit",
      });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw new Unreachable(String(error));
    }
    if (!response.ok) throw await refusalOf(response);
    return response;
  }

  /**
   * A request and its JSON, sent again while nothing answers where it may be.
   * @param {string} path
   * @param {Request} [request] `again` says that it may be repeated; a GET may
   * @returns {Promise<any>}
   */
  async call(path, request = {}) {
    const again = request.again ?? (request.method ?? "GET") === "GET";
    for (let attempt = 0; ; attempt += 1) {
      try {
        const response = await this.open(path, request);
        this.onConnection(false);
        return response.status === 204 ? null : await response.json();
      } catch (error) {
        const tries = request.patient && error instanceof Unreachable ? PATIENCE : TRIES;
        if (!again || attempt + 1 >= tries || !passes(error)) throw error;
        this.onConnection(error instanceof Unreachable);
        await this._wait(pauseOf(error, attempt), request.signal);
      }
    }
  }
}

/**
 * Whether time may mend it.
 * @param {unknown} error
 */
export function passes(error) {
  if (error instanceof Refusal) return PASSING.has(error.status);
  return error instanceof Unreachable || error instanceof SyntaxError;
}

/**
 * @param {unknown} error
 * @param {number} attempt
 */
function pauseOf(error, attempt) {
  const told = error instanceof Refusal ? error.retryAfterS : null;
  return told === null ? pauseMs(attempt) : Math.min(told, 30) * 1000;
}
