import assert from "node:assert/strict";
import { test } from "node:test";
import { openSession } from "../../../api/page/js/session.js";

/** A tab's storage, and windows (frames) on it. */
function tab({ blocked = false } = {}) {
  const store = {};
  const storage = Object.defineProperties(store, {
    getItem: { value: (name) => (name in store ? store[name] : null) },
    setItem: { value: (name, value) => (store[name] = value) },
  });
  const held = new Set();
  const frame = (state = null) => {
    const win = {
      history: { state, replaceState: (next) => (win.history.state = next) },
      navigator: {
        locks: {
          query: async () => ({ held: [...held].map((name) => ({ name })) }),
          request: async (name) => held.add(name),
        },
      },
    };
    Object.defineProperty(win, "sessionStorage", {
      get() {
        if (blocked) throw new Error("SecurityError");
        return storage;
      },
    });
    return win;
  };
  return { frame, held };
}

test("a frame that reloads finds its job without the key in its address", async () => {
  const { frame } = tab();
  const first = frame();
  const session = await openSession(first, "pq_1", "?exercise=squat");
  session.save({ job: "job_1", given: "5-1" });
  const again = await openSession(frame(first.history.state), "", "?exercise=squat");
  assert.equal(again.saved.job, "job_1");
  assert.equal(again.saved.given, "5-1");
  assert.equal(again.saved.token, "pq_1");
});

test("a frame made anew takes over what nobody holds and is not over", async () => {
  const { frame, held } = tab();
  const session = await openSession(frame(), "pq_1", "?a");
  session.save({ job: "job_1" });
  assert.equal((await openSession(frame(), "pq_1", "?a")).saved.job, undefined, "held by the first frame");
  held.clear();
  assert.equal((await openSession(frame(), "pq_1", "?b")).saved.job, undefined, "other parameters");
  assert.equal((await openSession(frame(), "pq_2", "?a")).saved.job, undefined, "another key");
  held.clear();
  assert.equal((await openSession(frame(), "pq_1", "?a")).saved.job, "job_1");
  session.save({ over: true });
  held.clear();
  assert.equal((await openSession(frame(), "pq_1", "?a")).saved.job, undefined, "it is over");
});

test("another key in the address begins anew", async () => {
  const { frame } = tab();
  const win = frame();
  (await openSession(win, "pq_1", "?a")).save({ job: "job_1" });
  const found = await openSession(frame(win.history.state), "pq_2", "?a");
  assert.equal(found.saved.job, undefined);
  assert.equal(found.saved.token, "pq_2");
});

test("blocked storage costs the reload and nothing else", async () => {
  const { frame } = tab({ blocked: true });
  const session = await openSession(frame(), "pq_1", "?a");
  session.save({ job: "job_1" });
  assert.equal(session.saved.job, "job_1");
});

test("the next file begins anew with the same key", async () => {
  const { frame } = tab();
  const session = await openSession(frame(), "pq_1", "?a");
  session.save({ job: "job_1", given: "9-9", over: true });
  session.restart();
  assert.deepEqual(session.saved, { token: "pq_1", params: "?a", given: "0-0", over: false });
});
