/** @file What goes wrong: the host's `error` message, and what the person at the page reads. */

import { Refusal, Unreachable } from "./api.js";

/** Codes of the contract; what else the API answers with is `internal` to a host. */
const CODES = new Set([
  "missing_token", "invalid_token", "invalid_exercise", "developer_features_not_allowed",
  "jump_analysis_missing_height", "invalid_parameter", "reference_not_found", "quota_exceeded",
  "video_load_error", "image_load_error", "media_decode_error", "media_too_large",
  "media_unsupported", "no_person_detected", "backend_fallback_cpu", "canceled",
  "deadline_exceeded", "worker_lost", "internal",
]);
const LIMITS = new Set(["rate_limited", "concurrency_limit_exceeded"]);
/** Codes after which another file helps. */
const OTHER_FILE = new Set([
  "video_load_error", "image_load_error", "media_decode_error", "media_too_large",
  "media_unsupported", "no_person_detected", "canceled", "deadline_exceeded", "worker_lost",
  "internal", "quota_exceeded",
]);

/** The text that hosts match on begins so (CONTRACT.md, Error codes). */
export const BAD_TOKEN = "Invalid params.";

/**
 * @typedef {Record<string, any>} Message
 * @typedef {{code: string, message: string, details?: Record<string, any>}} Problem
 */

/**
 * The problem behind something that was thrown.
 * @param {unknown} error
 * @returns {Problem}
 */
export function problemOf(error) {
  if (error instanceof Refusal) {
    const code = LIMITS.has(error.code) ? "quota_exceeded" : CODES.has(error.code) ? error.code : "internal";
    const details = code === error.code ? error.details : { ...error.details, reason: error.code };
    return { code, message: error.message, details };
  }
  if (error instanceof Unreachable) {
    return { code: "internal", message: "The server cannot be reached.", details: { reason: "unreachable" } };
  }
  return { code: "internal", message: String(error) };
}

/** @returns {Problem} */
export function missingToken() {
  const message = `${BAD_TOKEN} The parameter 'token' is missing.`;
  return { code: "missing_token", message, details: { parameter: "token" } };
}

/**
 * A file that did not reach the store.
 * @param {unknown} error
 * @param {string} source
 * @returns {Problem}
 */
export function uploadProblem(error, source) {
  const found = problemOf(error);
  if (found.code !== "internal") return found;
  const code = source === "image" ? "image_load_error" : "video_load_error";
  return { code, message: "The upload failed.", details: found.details };
}

/**
 * The message to the host, in the superset edition.
 * @param {Problem} problem
 * @returns {Message}
 */
export function errorMessage(problem) {
  const { code, message, details } = problem;
  const said = { type: "error", code, message };
  return { ...said, ...(details && Object.keys(details).length ? { details } : {}), error: code };
}

/**
 * What the page says before a file is chosen.
 * @param {boolean} image
 * @returns {Message}
 */
export function initialization(image) {
  const source = image ? "image" : "video";
  return { type: "initialization", message: `loading ${source}`, ready: false, source, id: "0-0" };
}

/**
 * What to show: what happened, what to do, and whether another file or another try helps.
 * @param {Problem} problem
 * @param {import("./i18n.js").Say} say
 */
export function advice(problem, say) {
  const { code, details = {} } = problem;
  const unreachable = details.reason === "unreachable";
  const key = unreachable ? "unreachable" : code === "worker_lost" ? "internal" : code;
  const values = {
    blocked: (details.blocked ?? []).join(", "),
    parameter: String(details.parameter ?? details.exercise ?? details.reference ?? ""),
  };
  return {
    title: say(`error_${key}`, values),
    help: say(`help_${key}`, values),
    otherFile: OTHER_FILE.has(code) && !unreachable,
    again: unreachable || code === "internal" || code === "quota_exceeded",
  };
}
