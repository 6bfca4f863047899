/** @file The page's states and the words that go with them. */

import { byId, h, replaceChildren, setText } from "./dom.js";

/**
 * @typedef {"loading" | "pick" | "work" | "result" | "done" | "failed"} State `result`: it is known
 *   and shown, and the files to download are being made
 */

/** Shows one state at a time and tells screen readers what changed. */
export class View {
  /** @param {import("./i18n.js").Say} say */
  constructor(say) {
    this._say = say;
    this._app = byId("app");
    this._announced = "";
  }

  /**
   * @param {State} state
   * @param {string} heading
   * @param {string} [lead]
   */
  show(state, heading, lead = "") {
    const before = document.activeElement;
    const news = this._app.dataset.state !== state;
    this._app.dataset.state = state;
    this._app.classList.toggle("watching", ["work", "result", "done"].includes(state));
    // what matters is at the top
    if (news && state !== "done") for (const place of [this._app, window]) place.scrollTo(0, 0);
    setText(byId("heading"), heading);
    setText(byId("lead"), lead);
    byId("lead").hidden = !lead;
    document.title = heading;
    // focus must not stay on what is hidden now
    if (before && before !== document.body && !isShown(before)) byId("heading").focus();
  }

  /** @param {string} text */
  announce(text) {
    if (text === this._announced) return;
    this._announced = text;
    byId("live").textContent = text;
  }

  /**
   * What is going on, and how far it is (null: not known).
   * @param {string} text
   * @param {number | null} share
   */
  progress(text, share) {
    setText(byId("status"), text);
    setText(byId("percent"), share === null ? "" : `${Math.floor(share * 100)} %`);
    const bar = /** @type {HTMLProgressElement} */ (byId("progress"));
    if (share === null) bar.removeAttribute("value");
    else bar.value = share;
    this.announce(share === null ? text : `${text} ${Math.floor(share * 4) * 25} %`);
  }

  /** @param {boolean} lost */
  connection(lost) {
    const note = byId("connection");
    if (note.hidden === !lost) return;
    note.hidden = !lost;
    setText(note, lost ? this._say("connection_lost") : "");
    if (lost) this.announce(this._say("connection_lost"));
  }

  /** @param {string} text of what a reload broke off; empty takes it away */
  interrupted(text) {
    setText(byId("interrupted"), text);
    byId("interrupted").hidden = !text;
  }

  /** @param {string} text of what is wrong with the file that was chosen; empty takes it away */
  pickProblem(text) {
    setText(byId("pick-problem"), text);
    byId("pick-problem").hidden = !text;
  }

  /**
   * @param {{title: string, help: string}} advice
   * @param {{label: string, primary?: boolean, run: () => void}[]} actions
   */
  failed(advice, actions) {
    this.show("failed", advice.title);
    setText(byId("failed-help"), advice.help);
    replaceChildren(
      byId("failed-actions"),
      ...actions.map(({ label, primary, run }) =>
        h("button", { type: "button", class: primary ? "button primary" : "button", onclick: run }, label),
      ),
    );
    this.announce(`${advice.title} ${advice.help}`);
  }
}

/** @param {Element} element */
function isShown(element) {
  return element instanceof HTMLElement && element.getClientRects().length > 0;
}
