import assert from "node:assert/strict";
import { test } from "node:test";
import { forgetAll, openSession, showSession } from "../../../api/page/js/session.js";

/** A tab's storage, and windows (frames) on it. */
function tab({ blocked = false } = {}) {
  const store = {};
  const storage = Object.defineProperties(store, {
    getItem: { value: (name) => (name in store ? store[name] : null) },
    setItem: { value: (name, value) => (store[name] = value) },
  });
  // of another origin, as its first frame is
  const stranger = { length: 0, get history() { throw new Error("SecurityError"); } };
  const top = { length: 1, 0: stranger, get history() { throw new Error("SecurityError"); } };
  const frame = (state = null) => {
    const win = {
      top,
      length: 0,
      history: { state, replaceState: (next) => (win.history.state = next) },
    };
    top[top.length++] = win;
    Object.defineProperty(win, "sessionStorage", {
      get() {
        if (blocked) throw new Error("SecurityError");
        return storage;
      },
    });
    return win;
  };
  const close = () => (top.length = 1);
  return { frame, close };
}

test("a frame that reloads finds its job without the key in its address", () => {
  const { frame } = tab();
  const first = frame();
  const session = openSession(first, "pq_1", "?exercise=squat");
  session.save({ job: "job_1", given: "5-1" });
  const again = openSession(frame(first.history.state), "", "?exercise=squat");
  assert.equal(again.saved.job, "job_1");
  assert.equal(again.saved.given, "5-1");
  assert.equal(again.saved.token, "pq_1");
});

test("a frame made anew takes over what nobody holds and is not over", () => {
  const { frame, close } = tab();
  const session = openSession(frame(), "pq_1", "?a");
  session.save({ job: "job_1" });
  assert.equal(openSession(frame(), "pq_1", "?a").saved.job, undefined, "held by the first frame");
  close();
  assert.equal(openSession(frame(), "pq_1", "?b").saved.job, undefined, "other parameters");
  assert.equal(openSession(frame(), "pq_2", "?a").saved.job, undefined, "another key");
  close();
  assert.equal(openSession(frame(), "pq_1", "?a").saved.job, "job_1");
  session.save({ over: true });
  close();
  assert.equal(openSession(frame(), "pq_1", "?a").saved.job, undefined, "it is over");
});

test("an address without a key takes over nobody's session", () => {
  const { frame, close } = tab();
  openSession(frame(), "pq_1", "?a").save({ job: "job_1" });
  close();
  const found = openSession(frame(), "", "?a");
  assert.deepEqual([found.saved.job, found.saved.token], [undefined, ""]);
});

test("of a job that the console shows nothing is stored", () => {
  const { frame } = tab();
  const win = frame();
  const params = { token: "pq_operator", shown: "job_1", job: new URLSearchParams({ source: "image" }) };
  const session = showSession(params);
  session.save({ given: "5-1" });
  assert.deepEqual([session.id, session.saved.job, session.saved.source], ["job_1", "job_1", "image"]);
  assert.deepEqual(Object.keys(win.sessionStorage), []);
  assert.equal(win.history.state, null);
});

test("who leaves leaves none of the pages' entries", () => {
  const kept = { "pq:1": "{}", "pq:console": "pq_1", other: "stays" };
  forgetAll(Object.defineProperty(kept, "removeItem", { value: (name) => delete kept[name] }));
  assert.deepEqual(kept, { other: "stays" });
});

test("another key in the address begins anew", () => {
  const { frame } = tab();
  const win = frame();
  openSession(win, "pq_1", "?a").save({ job: "job_1" });
  const found = openSession(frame(win.history.state), "pq_2", "?a");
  assert.equal(found.saved.job, undefined);
  assert.equal(found.saved.token, "pq_2");
});

test("blocked storage costs the reload and nothing else", () => {
  const { frame } = tab({ blocked: true });
  const session = openSession(frame(), "pq_1", "?a");
  session.save({ job: "job_1" });
  assert.equal(session.saved.job, "job_1");
});

test("the next file begins anew with the same key", () => {
  const { frame } = tab();
  const session = openSession(frame(), "pq_1", "?a");
  session.save({ job: "job_1", given: "9-9", over: true });
  session.restart();
  assert.deepEqual(session.saved, { token: "pq_1", params: "?a", given: "0-0", over: false });
});
