/**
 * @file What outlives a reload of the page: the key, the job and the last message that the host has.
 *
 * A frame that reloads finds its session by the id in its history entry. A frame that is made anew
 * (its host reloaded) takes over one of the same key and parameters that no living frame holds and
 * whose job is not over.
 */

const PREFIX = "pq:";
/** The id before the first message's. */
const NOTHING = "0-0";

/**
 * @typedef {{
 *   token: string, params: string, source?: "video" | "image", label?: string,
 *   uploading?: boolean, begun?: import("./upload.js").Begun, aspect?: number | null, poster?: string,
 *   key?: string, body?: Record<string, any>, job?: string, given: string, over: boolean,
 * }} Saved `key` and `body` of the job's request; `given`: id of the host's last message; `begun`:
 *   an upload in parts; `aspect` and `poster` of the picture
 */

/** One session; what cannot be stored lives as long as the page. */
export class Session {
  /**
   * @param {Storage | null} storage
   * @param {string} id
   * @param {Saved} saved
   */
  constructor(storage, id, saved) {
    this._storage = storage;
    this.id = id;
    this.saved = saved;
    /** Whether the page was reloaded since its host's last message. */
    this.resumed = saved.given !== NOTHING;
  }

  /** @param {Partial<Saved>} changes */
  save(changes) {
    Object.assign(this.saved, changes);
    try {
      this._storage?.setItem(PREFIX + this.id, JSON.stringify(this.saved));
    } catch {
      // full or forbidden
    }
  }

  /** Forgets the job, for the next file; what is stored of an upload may be of that one. */
  restart() {
    const { token, params, begun } = this.saved;
    this.saved = { ...fresh(token, params), ...(begun ? { begun } : {}) };
    this.resumed = false;
    this.save({});
  }
}

/**
 * @param {string} token
 * @param {string} params
 * @returns {Saved}
 */
function fresh(token, params) {
  return { token, params, given: NOTHING, over: false };
}

/**
 * The session of this frame: its own, an orphan's, or a new one.
 * @param {Window} win
 * @param {string} token from the address; empty where it was taken out of it
 * @param {string} params what else the address says
 * @returns {Session}
 */
export function openSession(win, token, params) {
  const storage = storageOf(win);
  const own = win.history.state?.pq;
  let id = typeof own === "string" ? own : "";
  let saved = id ? read(storage, id) : null;
  // an address from which the key was taken is vouched for by its history entry
  if (!saved || !fits(saved, token || saved.token, params)) {
    id = (token && orphan(win, storage, token, params)) || randomId();
    saved = read(storage, id) ?? fresh(token, params);
    win.history.replaceState({ ...win.history.state, pq: id }, "");
  }
  const session = new Session(storage, id, saved);
  session.save({});
  return session;
}

/**
 * The session of a job that the console made: its file may be kept under the job's id. Nothing of it
 * is stored, for its token is the operator's own key.
 * @param {import("./params.js").Params} params
 */
export function showSession({ token, shown, job }) {
  const source = job.get("source") === "image" ? "image" : "video";
  return new Session(null, shown, { ...fresh(token, ""), source, job: shown });
}

/**
 * Forgets all that pages and the console have stored in this tab.
 * @param {Storage} storage
 */
export function forgetAll(storage) {
  for (const name of Object.keys(storage)) if (name.startsWith(PREFIX)) storage.removeItem(name);
}

/**
 * @param {Saved} saved
 * @param {string} token
 * @param {string} params
 */
function fits(saved, token, params) {
  return saved.params === params && saved.token === token;
}

/**
 * Id of an unfinished session that nobody holds; only who brings its key gets it.
 * @param {Window} win
 * @param {Storage | null} storage
 * @param {string} token
 * @param {string} params
 */
function orphan(win, storage, token, params) {
  const held = heldIds(win);
  for (const name of Object.keys(storage ?? {})) {
    const id = name.slice(PREFIX.length);
    const saved = name.startsWith(PREFIX) ? read(storage, id) : null;
    const waiting = saved && (saved.job || saved.key || saved.uploading) && !saved.over;
    if (waiting && !held.has(id) && fits(saved, token, params)) return id;
  }
  return null;
}

/**
 * Sessions of the other living frames of this tab, however deep; those of another origin tell
 * nothing. Locks would need a secure context.
 * @param {Window} win
 */
function heldIds(win) {
  /** @type {Set<string>} */
  const ids = new Set();
  const look = (/** @type {Window} */ frame) => {
    try {
      if (frame !== win) ids.add(frame.history.state?.pq);
    } catch {
      // another origin's
    }
    for (let index = 0; index < frame.length; index += 1) look(frame[index]);
  };
  look(win.top ?? win);
  return ids;
}

/** @param {Window} win */
function storageOf(win) {
  try {
    return win.sessionStorage;
  } catch {
    return null; // a frame whose storage is blocked
  }
}

/**
 * @param {Storage | null} storage
 * @param {string} id
 * @returns {Saved | null}
 */
function read(storage, id) {
  try {
    return JSON.parse(storage?.getItem(PREFIX + id) ?? "null");
  } catch {
    return null;
  }
}

/** 128 random bits; randomUUID is missing outside secure contexts. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
