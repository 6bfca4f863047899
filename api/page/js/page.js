/** @file The upload page: from its address to a file, and again after the result or a failure. */

import { Analysis } from "./analysis.js";
import { byId, setText } from "./dom.js";
import { languageOf } from "./i18n.js";
import { mediaUrl } from "./params.js";
import { setUpPicker } from "./picker.js";
import { advice, errorMessage, initialization, missingToken, problemOf } from "./problems.js";

/**
 * @typedef {import("./problems.js").Problem} Problem
 * @typedef {{id: string, unit: string, view: string}} Exercise
 * @typedef {{options: Record<string, any>, exercise: Exercise | null,
 *   exercises: Record<string, Exercise>, blocked: string[], ignored: Record<string, string>, uploadBytes: number}} Asked the answer of /pose_tracker/options
 * @typedef {{params: import("./params.js").Params, layout: import("./layout.js").Layout,
 *   say: import("./i18n.js").Say, view: import("./view.js").View,
 *   transport: import("./transport.js").Transport,
 *   session: import("./session.js").Session, files: import("./file_store.js").FileStore,
 *   api: import("./api.js").Api, asked: Promise<any>}} Parts `asked`: what the address means
 */

/** The page of one address. */
export class Page {
  /** @param {Parts} parts */
  constructor(parts) {
    this._parts = parts;
    const { api, view } = parts;
    api.onConnection = (lost) => view.connection(lost);
    /** @type {Analysis | null} */
    this._analysis = null;
    this._title = "";
    /** @type {import("./picker.js").Source} */
    this._source = "";
  }

  /** From the address to the first thing that a person can do. */
  async start() {
    const { params, session, asked, say } = this._parts;
    this._greet();
    if (!session.saved.token) return this._refuse(missingToken());
    /** @type {Asked} */
    let known;
    try {
      known = await asked;
    } catch (error) {
      return this._refuse(problemOf(error));
    }
    if (Object.keys(known.ignored).length) {
      console.info("Parameters of the address without effect:", known.ignored);
    }
    const analysis = this._setUp(known);
    if (session.saved.job || session.saved.key) return analysis.resume();
    const interrupted = session.saved.uploading;
    if (interrupted && (await analysis.uploadAgain())) return undefined;
    const url = interrupted ? "" : mediaUrl(params);
    if (url) return analysis.fetch(url);
    return this._pick("", interrupted ? say("interrupted") : "");
  }

  /** The first message, before a file is chosen: hosts lift their cover at it. */
  async _greet() {
    const { params, session, transport } = this._parts;
    if (session.resumed) return; // the stream goes on
    await transport.ready;
    transport.send(initialization(params.job.get("source")?.toLowerCase() === "image"));
  }

  /** @param {Asked} known */
  _setUp({ options, exercise, ...known }) {
    const { say, layout, params } = this._parts;
    /** @type {import("./picker.js").Source} */
    const source = options.source ?? (options.exercise || options.reference ? "video" : "");
    const title = exercise ? say(exercise.id) : say("page_title");
    const startAgain = this._startAgain.bind(this);
    const around = { title, source, startAgain, fail: this._fail.bind(this) };
    const analysis = new Analysis(this._parts, { options, exercise, ...known }, around);
    byId("again").onclick = () => startAgain();
    byId("cancel").onclick = () => analysis.cancel();
    byId("choose-person").onclick = () => analysis.chooseSubject();
    const { uploadBytes: mostBytes } = known;
    const how = { label: layout.label, mostBytes, say, language: languageOf(params.lang) };
    setUpPicker(source, how, (file) => analysis.take(file));
    [this._analysis, this._title, this._source] = [analysis, title, source];
    return analysis;
  }

  /**
   * @param {string} [problem] of the file that was chosen
   * @param {string} [interrupted] what a reload broke off
   */
  _pick(problem = "", interrupted = "") {
    const { say, view, layout } = this._parts;
    view.pickProblem(problem);
    view.interrupted(interrupted);
    const lead = say(this._source === "image" ? "lead_image" : "lead_video");
    view.show("pick", this._title, layout.showUpload ? lead : say("nothing_to_do"));
  }

  /** @param {string} [problem] of the file that was chosen */
  _startAgain(problem = "") {
    this._analysis?.close();
    this._pick(problem);
    byId("file").focus();
  }

  /**
   * A refusal of the page's address itself.
   * @param {Problem} problem
   */
  async _refuse(problem) {
    const { transport } = this._parts;
    this._fail(problem, () => window.location.reload());
    await transport.ready;
    transport.send(errorMessage(problem));
  }

  /**
   * @param {Problem} problem
   * @param {() => void} [again]
   */
  _fail(problem, again) {
    const { say, view, layout } = this._parts;
    const told = advice(problem, say);
    const actions = [];
    if (again && told.again) actions.push({ label: say("try_again"), primary: true, run: again });
    if (told.otherFile && this._analysis && layout.showUpload) {
      const primary = actions.length === 0;
      actions.push({ label: say("choose_another"), primary, run: () => this._startAgain() });
    }
    this._analysis?.stop();
    view.connection(false);
    view.failed(told, actions);
    setText(byId("failed-code"), [problem.code, problem.message].filter(Boolean).join(": "));
  }
}
