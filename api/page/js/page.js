/** @file The upload page: what happens in which order, from its address to the result. */

import { Refusal, Unreachable } from "./api.js";
import { byId, setText } from "./dom.js";
import { languageOf } from "./i18n.js";
import { mediaUrl } from "./params.js";
import { fileProblem, setUpPicker } from "./picker.js";
import { advice, errorMessage, initialization, missingToken, problemOf, uploadProblem } from "./problems.js";
import { followJob, submit, withOwnWishes } from "./job_runner.js";
import { randomId } from "./session.js";
import { measure } from "./player.js";
import { typeOf } from "./media_types.js";
import { isBegun, upload } from "./upload.js";
import { Work } from "./job_view.js";

/**
 * @typedef {import("./problems.js").Problem} Problem
 * @typedef {{id: string, unit: string, view: string}} Exercise
 * @typedef {{options: Record<string, any>, exercise: Exercise | null,
 *   exercises: Record<string, Exercise>, blocked: string[], ignored: Record<string, string>, uploadBytes: number}} Asked the answer of /pose_tracker/options
 */

/** The page of one address. */
export class Page {
  /**
   * @param {{params: import("./params.js").Params, layout: import("./layout.js").Layout,
   *   say: import("./i18n.js").Say, view: import("./view.js").View,
   *   transport: import("./transport.js").Transport,
   *   session: import("./session.js").Session, files: import("./file_store.js").FileStore,
   *   api: import("./api.js").Api, asked: Promise<any>}} parts `asked`: what the address means
   */
  constructor(parts) {
    this._parts = parts;
    const { api, view } = parts;
    this._api = api;
    this._api.onConnection = (lost) => view.connection(lost);
    /** @type {Asked | null} */
    this._asked = null;
    /** @type {Work | null} */
    this._work = null;
    this._stop = new AbortController();
    byId("again").onclick = () => this._startAgain();
    byId("cancel").onclick = () => this._cancel();
    byId("choose-person").onclick = () => this._chooseSubject();
  }

  /** From the address to the first thing that a person can do. */
  async start() {
    const { params, session, asked } = this._parts;
    this._greet();
    if (!session.saved.token) return this._refuse(missingToken());
    try {
      this._asked = /** @type {Asked} */ (await asked);
    } catch (error) {
      return this._refuse(problemOf(error));
    }
    const { ignored } = this._asked;
    if (Object.keys(ignored).length) console.info("Parameters of the address without effect:", ignored);
    this._setUp();
    if (session.saved.job || session.saved.key) return this._resume();
    if (session.saved.uploading) return this._uploadAgain();
    const url = mediaUrl(params);
    return url ? this._fetch(url) : this._pick();
  }

  /** The first message, before a file is chosen: hosts lift their cover at it. */
  async _greet() {
    const { params, session, transport } = this._parts;
    if (session.resumed) return; // the stream goes on
    await transport.ready;
    transport.send(initialization(params.job.get("source")?.toLowerCase() === "image"));
  }

  /** @returns {Asked} */
  get _known() {
    if (!this._asked) throw new Error("the options are not known yet");
    return this._asked;
  }

  /** @returns {import("./picker.js").Source} */
  get _source() {
    const { source, exercise, reference } = this._known.options;
    return source ?? (exercise || reference ? "video" : "");
  }

  get _title() {
    const { say } = this._parts;
    const { exercise } = this._known;
    return exercise ? say(exercise.id) : say("page_title");
  }

  _setUp() {
    const { say, layout, params } = this._parts;
    const how = {
      label: layout.label,
      mostBytes: this._known.uploadBytes,
      say,
      language: languageOf(params.lang),
    };
    setUpPicker(this._source, how, (file) => this._take(file));
  }

  _pick() {
    const { say, view, layout } = this._parts;
    view.pickProblem("");
    view.interrupted("");
    const lead = say(this._source === "image" ? "lead_image" : "lead_video");
    view.show("pick", this._title, layout.showUpload ? lead : say("nothing_to_do"));
  }

  /**
   * @param {"video" | "image"} source
   * @param {number | null} [aspect] of the picture, where it is known
   */
  _begin(source, aspect = null) {
    const { say, view } = this._parts;
    const { options, exercise, exercises } = this._known;
    const video = source === "video";
    const counts = Boolean(options.exercise || options.reference);
    const unit = !video ? "" : (exercise?.unit ?? (counts ? "reps" : ""));
    const title = video ? this._title : say("page_title");
    const name = exercise?.id ?? "movement";
    const seenFrom = exercise?.view ?? "any";
    this._work?.close();
    this._stop = new AbortController();
    this._work = new Work({
      api: this._api, say, view, options, exercises, unit, title, name, seenFrom,
    });
    this._work.stage.fitTo(aspect);
    view.show("work", title);
    view.progress(say("preparing"), null);
    return this._work;
  }

  /** After a reload in the middle of an upload: it goes on where the file is still here. */
  async _uploadAgain() {
    const { session, files, say, view } = this._parts;
    const file = await files.find(session.id);
    if (file) return this._take(file, say("upload_resumed"));
    session.restart();
    this._pick();
    view.interrupted(say("interrupted"));
    return undefined;
  }

  /**
   * @param {File} file
   * @param {string} [label] of its progress
   */
  async _take(file, label = "") {
    const { say, view, session, params, files } = this._parts;
    if (byId("app").dataset.state === "work") return undefined;
    const language = languageOf(params.lang);
    const wrong = fileProblem(file, this._source, this._known.uploadBytes, say, language);
    if (wrong) {
      if (byId("app").dataset.state !== "pick") this._startAgain();
      return view.pickProblem(wrong);
    }
    session.restart();
    const source = typeOf(file).startsWith("image/") ? "image" : "video";
    session.save({ source, uploading: true });
    const work = this._begin(source); // at once: a second file may come in the same moment
    const { signal } = this._stop;
    const kept = files.keep(session.id, file);
    const url = URL.createObjectURL(file);
    const size = await measure(url, source);
    if (signal.aborted) {
      URL.revokeObjectURL(url); // no stage has it
      return undefined;
    }
    work.stage.fitTo(size.aspect);
    work.stage.show(url, source);
    session.save({ aspect: size.aspect });
    this._keepPoster(kept, work, source);
    const { begun } = session.saved;
    const text = label || say(isBegun(file, begun) ? "upload_resumed" : "uploading");
    view.progress(text, 0);
    let id;
    try {
      id = await upload(this._api, file, {
        signal,
        onProgress: (share) => view.progress(text, share),
        onConnection: (lost) => view.connection(lost),
        begun,
        onPart: (now) => session.save({ begun: now }),
      });
    } catch (error) {
      return this._broke(error, uploadProblem(error, source), () => this._take(file));
    }
    return this._request({ uploadId: id }, source, size.seconds);
  }

  /**
   * Of a video that is not kept a still is, for a reload.
   * @param {Promise<boolean>} kept
   * @param {Work} work
   * @param {"video" | "image"} source
   */
  async _keepPoster(kept, work, source) {
    if (source !== "video" || (await kept)) return;
    const poster = await work.stage.poster();
    if (poster && this._work === work) this._parts.session.save({ poster });
  }

  /** @param {string} url that the server fetches */
  async _fetch(url) {
    const source = this._source === "image" ? "image" : "video";
    this._parts.session.save({ source });
    const size = await measure(url, source);
    this._begin(source, size.aspect).stage.show(url, source);
    await this._request({ url }, source, size.seconds);
  }

  /**
   * @param {Record<string, string>} input
   * @param {"video" | "image"} source
   * @param {number | null} seconds
   */
  async _request(input, source, seconds) {
    const { options, blocked } = this._known;
    const counts = Boolean(options.exercise || options.reference);
    const wanted = withOwnWishes(options, blocked, source === "video", counts, seconds);
    this._parts.session.save({ uploading: false, begun: undefined, key: randomId(), body: { input, options: wanted } });
    await this._run();
  }

  /** After a reload: the same job. */
  async _resume() {
    const { session, say, view } = this._parts;
    await this._beginAgain();
    if (!session.saved.over) view.announce(say("resumed"));
    await this._run();
  }

  /** The session's job from its request to its end. */
  async _run() {
    const { session, transport } = this._parts;
    const { signal } = this._stop;
    const work = /** @type {Work} */ (this._work);
    try {
      const job = session.saved.job ?? (await submit(this._api, session, signal));
      work.begin(job);
      const { options } = this._known;
      const show = work.add.bind(work);
      const done = await followJob(this._api, session, options, transport, show, signal);
      if (done.status === "succeeded") return work.finish();
      return this._fail(work.lastError ?? done.error ?? problemOf(done.status));
    } catch (error) {
      return this._broke(error, problemOf(error), () => this._runAgain());
    }
  }

  /** The session's picture: the file that is kept, the address, or a still. */
  async _beginAgain() {
    const { session, params, files } = this._parts;
    const { source = "video", aspect = null, poster } = session.saved;
    const file = await files.find(session.id);
    const work = this._begin(source, aspect);
    const url = file ? URL.createObjectURL(file) : mediaUrl(params);
    if (url) work.stage.show(url, source);
    else if (poster) work.stage.showPoster(poster);
  }

  async _runAgain() {
    await this._beginAgain();
    await this._run();
  }

  /**
   * Something was thrown: the host has not heard of it yet.
   * @param {unknown} error
   * @param {Problem} problem
   * @param {() => void} again
   */
  async _broke(error, problem, again) {
    if (this._stop.signal.aborted) return;
    if (!(error instanceof Refusal || error instanceof Unreachable)) console.error(error);
    const { session, transport } = this._parts;
    await transport.ready;
    transport.send(errorMessage(problem));
    // what was refused is refused again; what found no server may go on where it was
    if (error instanceof Refusal && !session.saved.job) session.restart();
    this._fail(problem, error instanceof Unreachable ? again : undefined);
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
    if (told.otherFile && this._asked && layout.showUpload) {
      const primary = actions.length === 0;
      actions.push({ label: say("choose_another"), primary, run: () => this._startAgain() });
    }
    this._work?.stop();
    view.connection(false);
    view.failed(told, actions);
    setText(byId("failed-code"), problem.code);
  }

  _startAgain() {
    this._stop.abort();
    this._work?.close();
    this._work = null;
    this._parts.files.forget(this._parts.session.id);
    this._parts.session.restart();
    this._parts.view.connection(false);
    this._pick();
    byId("file").focus();
  }

  /** The same file once more, with the person who is tapped in it. */
  async _chooseSubject() {
    const { session, say } = this._parts;
    const { source = "video", body, aspect, poster } = session.saved;
    const point = await this._work?.stage.choosePoint(say("tap_person"));
    if (!point || !body) return;
    const subject = `${point.x.toFixed(3)},${point.y.toFixed(3)}`;
    this._stop.abort();
    session.restart();
    const again = { ...body, options: { ...body.options, subject } };
    session.save({ source, aspect, poster, key: randomId(), body: again });
    await this._runAgain();
  }

  async _cancel() {
    const { session } = this._parts;
    const job = session.saved.job;
    if (!job) return this._startAgain();
    // the stream says that it was canceled, and the host hears it from there
    try {
      return await this._api.call(`v1/jobs/${job}/cancel`, { method: "POST", again: true });
    } catch (error) {
      return this._broke(error, problemOf(error), () => this._runAgain());
    }
  }
}
