/** @file Count, grade, rep bar, advice and posture hints over the picture. */

import { byId, setText } from "./dom.js";

const ARROWS = /** @type {Record<string, string>} */ ({
  left: "←", right: "→", forward: "↑", backward: "↓", "face-camera": "⟲", "profile-camera": "⟳",
  "in-frame": "⛶",
});

/**
 * @typedef {import("./playback_state.js").Moment} Moment
 */

/** The panel and the hint line; it touches the document only where something changed. */
export class Hud {
  /**
   * @param {import("./i18n.js").Say} say
   * @param {string} unit `reps`, `seconds`, `jumps`; empty where nothing is counted
   */
  constructor(say, unit) {
    this._say = say;
    this.unit = unit;
    this._panel = byId("hud");
    this._hint = byId("hint");
    this._asked = "";
  }

  /**
   * Shows a request in place of hints; an empty one takes it away.
   * @param {string} text
   */
  ask(text) {
    this._asked = text;
    this._hint.hidden = !text;
    this._hint.dataset.kind = "advice";
    setText(byId("hint-sign"), "");
    setText(byId("hint-text"), text);
    setText(byId("hint-missing"), "");
  }

  /** @param {Moment} moment */
  show(moment) {
    this._panel.hidden = !this.unit || moment.count === null;
    setText(byId("hud-count"), String(moment.count ?? 0));
    setText(byId("hud-unit"), this.unit ? this._unitText(moment) : "");
    byId("in-position").hidden = !moment.inPosition;
    this._grade(moment);
    const bar = byId("hud-bar");
    bar.hidden = moment.progress === null;
    bar.style.setProperty("--share", String((moment.progress ?? 0) / 100));
    this._hints(moment);
  }

  hide() {
    for (const part of [this._panel, this._hint, byId("in-position")]) part.hidden = true;
  }

  /**
   * What is counted, and of how many it is once that is known.
   * @param {Moment} moment
   */
  _unitText({ count, total }) {
    const unit = this._say(`unit_${this.unit}`, { count: total ?? count ?? 0 });
    return total === null || total === count ? unit : this._say("of_total", { total: String(total), unit });
  }

  /** @param {Moment} moment */
  _grade(moment) {
    const badge = byId("hud-grade");
    const { jump, total } = moment;
    // what was measured on the way up is more than what it came to, which is known in the end
    const measured = jump?.final || (jump?.measuring && total === null);
    const height = measured ? (jump.jumpHeightCm ?? undefined) : undefined; // null in slow motion
    const grade = height === undefined && moment.count ? moment.grade : "";
    const text = height === undefined ? grade : `${this._say.number(height, 1)} cm`;
    badge.hidden = !text;
    badge.dataset.grade = grade;
    setText(badge, text);
  }

  /** @param {Moment} moment */
  _hints(moment) {
    if (this._asked) return;
    const { posture, advice } = moment;
    const text = posture ? posture.message : (advice[0] ?? "");
    this._hint.hidden = !text;
    this._hint.dataset.kind = posture ? "posture" : "advice";
    setText(byId("hint-sign"), posture ? (ARROWS[posture.direction] ?? "") : "");
    setText(byId("hint-text"), text);
    setText(byId("hint-missing"), this._missing(posture?.missingKeypoints ?? []));
  }

  /**
   * The parts of the body that are not seen, each once.
   * @param {string[]} joints
   */
  _missing(joints) {
    const parts = joints.map((name) => name.replace(/^(left|right)_/, "").replace(/^(nose|eye|ear)$/, "head"));
    const names = [...new Set(parts)].map((part) => this._say(part));
    return names.length ? this._say("missing", { joints: names.join(", ") }) : "";
  }
}
