/**
 * @file The picture with what is drawn over it. While the analysis runs, the video plays up to
 * where the analysis is and waits there, as a stream does that is still loading.
 */

import { byId, listen } from "./dom.js";
import { contentBox, drawPose } from "./overlay.js";

/** The video goes on when so much more of it is analysed. */
const AHEAD_MS = 1500;
const STILL = window.matchMedia("(prefers-reduced-motion: reduce)");

/** The video or photo, the canvas over it and the panel. */
export class Stage {
  /**
   * @param {import("./playback_state.js").Scene} scene
   * @param {import("./hud.js").Hud} hud
   * @param {{skeleton: boolean, onTime: (ms: number) => void, onUnplayable: () => void}} options
   */
  constructor(scene, hud, options) {
    this._scene = scene;
    this._hud = hud;
    this._options = options;
    this._screen = byId("screen");
    this._video = /** @type {HTMLVideoElement} */ (byId("video"));
    this._image = /** @type {HTMLImageElement} */ (byId("image"));
    this._canvas = /** @type {HTMLCanvasElement} */ (byId("overlay"));
    this._kind = "";
    this._aspect = 16 / 9;
    this._burnt = false;
    this._working = true;
    this._waits = false;
    this._asked = false;
    this._shownMs = 0;
    /** Time of the picture on the screen; the video's own clock runs ahead of it. */
    this._frameMs = 0;
    this._leave = new AbortController();
    this._listen();
  }

  _listen() {
    const { signal } = this._leave;
    const on = (/** @type {string} */ name, /** @type {() => void} */ run) =>
      listen(this._video, name, run, signal);
    for (const name of ["seeked", "loadeddata", "pause", "timeupdate"]) on(name, () => this.draw());
    on("play", () => this._run());
    on("loadedmetadata", () => this.fitTo(this._video.videoWidth / this._video.videoHeight));
    on("error", () => this._unplayable());
    on("pointerdown", () => (this._asked = true));
    on("keydown", () => (this._asked = true));
    const shaped = () => this.fitTo(this._image.naturalWidth / this._image.naturalHeight);
    listen(this._image, "load", shaped, signal);
    listen(this._image, "error", () => this._unplayable(), signal);
    this._sizes = new ResizeObserver(() => this.draw());
    this._sizes.observe(this._canvas);
  }

  /**
   * @param {string} url of a local file, a remote one or a finished export
   * @param {"video" | "image"} kind
   * @param {{burnt?: boolean}} [how] `burnt`: everything is drawn into it already
   */
  show(url, kind, how = {}) {
    this._kind = kind;
    this._burnt = how.burnt ?? false;
    this._screen.dataset.kind = kind;
    if (kind === "video") this._video.src = url;
    else this._image.src = url;
    this.draw();
  }

  /**
   * A still of a video that is not here any more.
   * @param {string} url
   */
  showPoster(url) {
    this._screen.dataset.kind = "video";
    this._video.poster = url;
  }

  /** Whether there is a picture to draw over. */
  get playable() {
    return this._kind !== "";
  }

  /** The moment that is shown, in milliseconds. */
  get now() {
    if (this._kind !== "video") return this._scene.timeline.end;
    return this._video.paused ? this._video.currentTime * 1000 : this._frameMs;
  }

  /**
   * Jumps to a moment and stays there.
   * @param {number} ms
   */
  seek(ms) {
    this._asked = true;
    this._waits = false;
    this._video.pause();
    this._video.currentTime = ms / 1000;
    this._screen.scrollIntoView({ block: "nearest", behavior: STILL.matches ? "auto" : "smooth" });
  }

  /**
   * Waits for a tap on the first picture; gives its place, 0-1 of the picture, or null for a tap
   * beside it.
   * @param {string} hint what is shown meanwhile
   * @returns {Promise<{x: number, y: number} | null>}
   */
  choosePoint(hint) {
    this.seek(0);
    this._screen.dataset.choosing = "";
    this._hud.ask(hint);
    return new Promise((resolve) => {
      const tapped = new AbortController();
      const tap = (/** @type {PointerEvent} */ event) => {
        tapped.abort();
        event.preventDefault();
        delete this._screen.dataset.choosing;
        this._hud.ask("");
        this.draw();
        resolve(this._placeOf(event));
      };
      listen(this._leave.signal, "abort", () => tapped.abort(), tapped.signal);
      listen(this._screen, "pointerdown", tap, tapped.signal);
    });
  }

  /** @param {PointerEvent} event */
  _placeOf(event) {
    const frame = this._canvas.getBoundingClientRect();
    const fit = getComputedStyle(this._video).objectFit;
    const box = contentBox(fit, frame.width, frame.height, ...this._size(this._video));
    const x = (event.clientX - frame.x - box.x) / box.width;
    const y = (event.clientY - frame.y - box.y) / box.height;
    return Math.min(x, y) >= 0 && Math.max(x, y) <= 1 ? { x, y } : null;
  }

  /** More of the media is analysed. */
  advance() {
    const end = this._scene.timeline.end;
    const mayBegin = !this._asked && !STILL.matches && this._kind === "video";
    if (mayBegin && this._video.paused && (this._waits || this.now === 0)) {
      const left = this._working ? end - this.now : Number.POSITIVE_INFINITY;
      if (left > AHEAD_MS) this._play();
    }
    if (this._kind !== "video" || this._video.paused) this.draw();
  }

  /** Everything is analysed: nothing is waited for any more. */
  finish() {
    this._working = false;
    this.advance();
    this.draw();
  }

  close() {
    this._leave.abort();
    this._sizes?.disconnect();
    this._video.removeAttribute("src");
    this._video.removeAttribute("poster");
    this._video.load();
    this._image.removeAttribute("src");
    this._image.alt = "";
    delete this._screen.dataset.kind;
    this._hud.hide();
    this._clear();
  }

  _play() {
    this._waits = false;
    this._video.play().catch((error) => {
      // the browser wants a click first; other refusals come of a pause right after
      if (error.name === "NotAllowedError") this._asked = true;
    });
  }

  _run() {
    const step = (/** @type {number} */ mediaMs) => {
      this._frameMs = mediaMs;
      if (this._video.paused || this._video.ended) return;
      if (this._working && mediaMs > this._scene.timeline.end - 50 && !this._asked) {
        this._waits = true;
        this._video.pause();
      }
      this.draw();
      this._next(step);
    };
    this._frameMs = this._video.currentTime * 1000;
    this._next(step);
  }

  /**
   * Calls `step` with the time of the next picture.
   * @param {(mediaMs: number) => void} step
   */
  _next(step) {
    const video = this._video;
    if (typeof video.requestVideoFrameCallback === "function") {
      video.requestVideoFrameCallback((_, frame) => step(frame.mediaTime * 1000));
    } else requestAnimationFrame(() => step(video.currentTime * 1000));
  }

  _unplayable() {
    if (!this._kind) return;
    this._kind = "";
    this._screen.dataset.kind = "none";
    this._options.onUnplayable();
    this.draw();
  }

  /**
   * Gives the place the shape of its picture.
   * @param {number | null} aspect width over height
   */
  fitTo(aspect) {
    if (!aspect || !Number.isFinite(aspect)) return;
    this._aspect = aspect;
    for (const place of [this._screen, byId("show")]) place.style.setProperty("--aspect", String(aspect));
    this._scene.guessAspect(aspect);
    this.draw();
  }

  /** Draws the moment that is shown. */
  draw() {
    const ms = this.now;
    const moment = this._isFresh() ? this._scene.whole() : this._scene.at(ms);
    if (this._burnt || this._kind === "image") this._hud.hide();
    else this._hud.show(moment);
    this._clear();
    if (this._options.skeleton && !this._burnt && this._kind && moment.joints) this._pose(moment.joints, moment.focus);
    if (ms !== this._shownMs) this._options.onTime((this._shownMs = ms));
  }

  /** Whether it is all known and nobody has played it: then 0 is no count of anything. */
  _isFresh() {
    return !this._working && this._kind === "video" && this._video.played.length === 0 && this.now === 0;
  }

  _clear() {
    const { clientWidth, clientHeight } = this._canvas;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const [width, height] = [clientWidth, clientHeight].map((side) => Math.round(side * ratio));
    if (this._canvas.width !== width) this._canvas.width = width;
    if (this._canvas.height !== height) this._canvas.height = height;
    const context = this._canvas.getContext("2d");
    context?.setTransform(ratio, 0, 0, ratio, 0, 0);
    context?.clearRect(0, 0, clientWidth, clientHeight);
    this._canvas.dataset.pose = "";
    return context;
  }

  /** @param {import("./overlay.js").Joint[]} joints @param {string[]} focus */
  _pose(joints, focus) {
    const context = this._canvas.getContext("2d");
    if (!context) return;
    const { clientWidth, clientHeight } = this._canvas;
    const picture = this._kind === "video" ? this._video : this._image;
    const fit = getComputedStyle(picture).objectFit;
    const box = contentBox(fit, clientWidth, clientHeight, ...this._size(picture));
    drawPose(context, joints, box, focus);
    this._canvas.dataset.pose = String(Math.round(this._shownMs));
  }

  /**
   * @param {any} picture
   * @returns {[number, number]}
   */
  _size(picture) {
    const width = picture.videoWidth || picture.naturalWidth || 1000 * this._aspect;
    return [width, width / this._aspect];
  }
}
