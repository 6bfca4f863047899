/**
 * @file The way to the host: exactly one route a message, the first there is of `webViewCallback`
 * (takes an object), iOS's `iosListener`, React Native's `ReactNativeWebView` and the parent window
 * (take a string).
 */

/** Milliseconds after the page's load in which an app may still put its bridge in. */
const BRIDGE_MS = 600;
/** As long after that a bridge is told what was said before it came. */
const LATE_MS = 10_000;
const LOOK_MS = 50;

/**
 * @typedef {Record<string, any>} Message
 * @typedef {any} Win a window; tests give one of their own
 */

/**
 * The bridge that an app put into `win`.
 * @param {Win} win
 * @returns {"callback" | "ios" | "native" | null}
 */
export function bridgeOf(win) {
  if (isThere(() => typeof win.webViewCallback === "function")) return "callback";
  if (isThere(() => win.webkit?.messageHandlers?.iosListener)) return "ios";
  // a frame within a WebView may have it too, but the frame's host is its parent
  const native = () => typeof win.ReactNativeWebView?.postMessage === "function";
  return win.parent === win && isThere(native) ? "native" : null;
}

/**
 * Whether a bridge is there; one that cannot even be looked at is none.
 * @param {() => unknown} look
 */
function isThere(look) {
  try {
    return Boolean(look());
  } catch {
    return false;
  }
}

/**
 * Origins that the parent window may have: its own where the browser tells and it is allowed, else
 * every allowed one (a message to another origin than the parent's is not delivered).
 * @param {Win} win
 * @param {string[]} embedders `*`, origins, and origins of the form `scheme://*.host`
 * @returns {string[]}
 */
export function targetOrigins(win, embedders) {
  if (win.parent === win) return [win.location.origin];
  if (embedders.includes("*")) return ["*"];
  const known = parentOrigin(win);
  if (known) return embedders.some((allowed) => matches(allowed, known)) ? [known] : [];
  return embedders.filter((allowed) => !allowed.includes("*"));
}

/** @param {Win} win */
function parentOrigin(win) {
  const ancestors = win.location.ancestorOrigins;
  if (ancestors?.length) return ancestors[0] === "null" ? null : ancestors[0];
  try {
    return new URL(win.document.referrer).origin;
  } catch {
    return null;
  }
}

/**
 * @param {string} allowed
 * @param {string} origin
 */
function matches(allowed, origin) {
  if (!allowed.includes("://*.")) return allowed === origin;
  const [scheme, rest] = allowed.split("://*");
  return origin.startsWith(`${scheme}://`) && origin.endsWith(rest);
}

/** Sends messages to the host of a window. */
export class Transport {
  /**
   * @param {Win} win
   * @param {string[]} embedders
   * @param {{bridgeMs?: number, lateMs?: number}} [limits]
   */
  constructor(win, embedders, limits = {}) {
    this._win = win;
    this._embedders = embedders;
    this._lateMs = limits.lateMs ?? LATE_MS;
    /** Resolves when the host is known to listen, as far as that can be known. */
    this.ready = hostReady(win, limits.bridgeMs ?? BRIDGE_MS);
    /** @type {Message[]} */
    this._unheard = [];
    this._waiting = true;
  }

  /**
   * Hands one message over; a host that throws has had it. In the page's first ten seconds, what is
   * said to nobody is said again to a bridge that comes.
   * @param {Message} message
   */
  send(message) {
    const nobody = this._win.parent === this._win && !bridgeOf(this._win);
    if (!nobody) this._repeat();
    else if (this._waiting && this._unheard.push(message) === 1) this._awaitBridge();
    this._hand(message);
  }

  /** @param {Message} message */
  _hand(message) {
    const win = this._win;
    try {
      const bridge = bridgeOf(win);
      const text = JSON.stringify(message);
      // an object of its own: hosts scale joints in place
      if (bridge === "callback") win.webViewCallback(JSON.parse(text));
      else if (bridge === "ios") win.webkit.messageHandlers.iosListener.postMessage(text);
      else if (bridge === "native") win.ReactNativeWebView.postMessage(text);
      else this._toParent(text);
    } catch (error) {
      console.error("the host refused a message", error);
    }
  }

  /** Hands over what nobody heard. */
  _repeat() {
    for (const message of this._unheard.splice(0)) this._hand(message);
  }

  async _awaitBridge() {
    for (let waited = 0; waited < this._lateMs && !bridgeOf(this._win); waited += LOOK_MS) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    this._waiting = false;
    if (bridgeOf(this._win)) this._repeat();
    this._unheard = [];
  }

  /** @param {string} text */
  _toParent(text) {
    const { parent } = this._win;
    for (const origin of targetOrigins(this._win, this._embedders)) {
      parent.postMessage(text, origin);
    }
  }
}

/**
 * In a frame the host is there already; an app's bridge may come shortly after the load.
 * @param {Win} win
 * @param {number} bridgeMs
 * @returns {Promise<void>}
 */
async function hostReady(win, bridgeMs) {
  if (win.parent !== win || bridgeOf(win)) return;
  if (win.document.readyState !== "complete") {
    await new Promise((resolve) => win.addEventListener("load", resolve, { once: true }));
  }
  for (let waited = 0; waited < bridgeMs && !bridgeOf(win); waited += LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
