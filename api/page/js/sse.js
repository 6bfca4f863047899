/** @file Server-sent events out of bytes (WHATWG HTML, section 9.2.6), cut wherever they may be. */

/** @typedef {{id: string, type: string, data: string, named: boolean}} ServerEvent `named`: it bears its id itself */

/** Takes text piece by piece and gives the events that it completes. */
export class EventParser {
  constructor() {
    this._rest = "";
    this._id = "";
    this._named = false;
    this._type = "";
    /** @type {string[]} */
    this._data = [];
  }

  /**
   * @param {string} text
   * @returns {ServerEvent[]}
   */
  push(text) {
    const lines = (this._rest + text).split(/\r\n|\n|\r(?!$)/);
    this._rest = lines.pop() ?? "";
    const found = [];
    for (const line of lines) {
      const event = this._take(line);
      if (event) found.push(event);
    }
    return found;
  }

  /**
   * @param {string} line
   * @returns {ServerEvent | null}
   */
  _take(line) {
    if (line === "") return this._end();
    if (line.startsWith(":")) return null;
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "id") [this._id, this._named] = [value, true];
    else if (name === "event") this._type = value;
    else if (name === "data") this._data.push(value);
    return null;
  }

  _end() {
    const data = this._data.join("\n");
    const event = { id: this._id, type: this._type || "message", data, named: this._named };
    const said = this._data.length > 0;
    if (said) this._named = false;
    this._type = "";
    this._data = [];
    return said ? event : null;
  }
}

/**
 * The events of an answer's body as they arrive.
 * @param {ReadableStream<Uint8Array>} body
 * @param {() => void} [heard] called at every piece, comments too
 * @returns {AsyncGenerator<ServerEvent>}
 */
export async function* readEvents(body, heard = () => {}) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
