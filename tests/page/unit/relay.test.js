import assert from "node:assert/strict";
import { test } from "node:test";
import { relay } from "../../../api/page/js/relay.js";
import { isAsked, withOwnWishes } from "../../../api/page/js/job_runner.js";
import { ClaimLost, isClaimCheck, whole } from "../../../api/page/js/claim_check.js";
import { isAfter } from "../../../api/page/js/follow.js";

const DONE = { type: "done", status: "succeeded", messages: 3 };

/** A stream of entries, and everything that a relay over it did. */
function played(entries, { given = "0-0", resumed = false, asked = () => true, hydrate = whole } = {}) {
  const log = { sent: [], saved: [], shown: [], read: [] };
  const ends = {
    async *follow(after) {
      log.read.push(after);
      for (const [id, message, ...place] of entries) {
        const [part, last] = place.length ? place : [0, true];
        if (isAfter(id, after)) yield { id, message, part, last };
      }
    },
    whole: hydrate,
    asked,
    send: (message) => log.sent.push(message),
    given,
    resumed,
    saveGiven: (id) => log.saved.push(id),
    show: (id, message) => log.shown.push([id, message]),
    wait: async () => {},
  };
  return { ends, log };
}

const CLAIM = { type: "keypoints_batch", fps: 30, url: "http://s3/x", bytes: 3 };
const ENTRIES = [
  ["0-1", { type: "initialization" }],
  ["1-1", { type: "keypoints", keypoints: [] }],
  ["2-1", { type: "counter", current_count: 1 }],
  ["2-2", DONE],
];

test("the host gets all but `done`, in order", async () => {
  const { ends, log } = played(ENTRIES);
  assert.deepEqual(await relay(ends), DONE);
  assert.deepEqual(log.sent.map(({ type }) => type), ["initialization", "keypoints", "counter"]);
  assert.deepEqual(log.saved, ["0-1", "1-1", "2-1"]);
  assert.deepEqual(log.shown.map(([id]) => id), ["0-1", "1-1", "2-1", "2-2"]);
});

test("after a reload the page sees all and the host only what it lacks", async () => {
  const { ends, log } = played(ENTRIES, { given: "1-1" });
  await relay(ends);
  assert.deepEqual(log.sent, [{ type: "counter", current_count: 1, id: "2-1" }]);
  assert.equal(log.shown.length, 4);
  assert.deepEqual(log.read, ["0-0"]);
});

test("after a reload what closes the job comes once more, under the same ids", async () => {
  const entries = [
    ["1-1", { type: "counter", current_count: 1 }],
    ["2-1", { type: "counter", current_count: 1, final: true }],
    ["2-2", { type: "exercise_summary", counter: 1 }],
    ["2-3", { type: "export_ready", kind: "video" }],
    ["3-1", { type: "export_ready", kind: "report" }],
    ["3-2", DONE],
  ];
  const first = played(entries);
  await relay(first.ends);
  const { ends, log } = played(entries, { given: "2-3", resumed: true });
  await relay(ends);
  assert.deepEqual(log.sent, first.log.sent.slice(1));
  assert.deepEqual(log.saved, ["3-1"]);
});

test("messages that share an id all arrive, each under an id of its own", async () => {
  const entries = [
    ["1-1", { type: "jump_height", final: true }, 0, false],
    ["1-1", { type: "jump_result" }, 1, true],
    ["1-2", DONE],
  ];
  const { ends, log } = played(entries);
  await relay(ends);
  assert.deepEqual(log.sent.map(({ type, id }) => [type, id]), [["jump_height", "1-1"], ["jump_result", "1-1/2"]]);
  assert.deepEqual(log.saved, ["1-1"]);
});

test("what only the page wished for stays on the page, and its place is passed", async () => {
  const { ends, log } = played(ENTRIES, { asked: (type) => type !== "keypoints" });
  await relay(ends);
  assert.deepEqual(log.sent.map(({ type }) => type), ["initialization", "counter"]);
  assert.deepEqual(log.saved, ["0-1", "1-1", "2-1"]);
});

test("a claim check is fetched before anything behind it goes out", async () => {
  const full = { type: "keypoints_batch", fps: 30, frames: [{ frameId: 0 }] };
  const order = [];
  const hydrate = async (message) => {
    if (!isClaimCheck(message)) return message;
    await new Promise((resolve) => setTimeout(resolve, 5));
    order.push("fetched");
    return full;
  };
  const { ends, log } = played([["1-1", CLAIM], ["1-2", { type: "export_ready" }], ["1-3", DONE]], { hydrate });
  ends.send = (message) => (order.push(message.type), log.sent.push(message));
  await relay(ends);
  assert.deepEqual(order, ["fetched", "keypoints_batch", "export_ready"]);
  assert.deepEqual(log.sent[0], { ...full, id: "1-1" });
});

test("a claim check that is lost is read anew, so that its address is signed anew", async () => {
  let tries = 0;
  const hydrate = async (message) => {
    if (!isClaimCheck(message)) return message;
    tries += 1;
    if (tries < 3) throw new ClaimLost("403");
    return { type: "keypoints_batch", frames: [] };
  };
  const { ends, log } = played([["1-1", { type: "counter" }], ["1-2", CLAIM], ["1-3", DONE]], { hydrate });
  await relay(ends);
  assert.deepEqual(log.read, ["0-0", "1-1", "1-1"]);
  assert.deepEqual(log.sent.map(({ type }) => type), ["counter", "keypoints_batch"]);
});

test("one that never comes ends in the error", async () => {
  const hydrate = async () => {
    throw new ClaimLost("404");
  };
  await assert.rejects(relay(played([["1-1", CLAIM]], { hydrate }).ends), ClaimLost);
});

test("a claim check that nobody asked for is not fetched", async () => {
  const hydrate = async () => assert.fail("fetched");
  const asked = (type) => type !== "keypoints_batch";
  const { ends } = played([["1-1", CLAIM], ["1-2", DONE]], { hydrate, asked });
  await relay(ends);
});

test("what a claim check is", async () => {
  assert.equal(isClaimCheck(CLAIM), true);
  assert.equal(isClaimCheck({ type: "keypoints_batch", fps: 30, frames: [] }), false);
  assert.equal(isClaimCheck({ type: "image_overlay", dataUrl: "data:," }), false);
  assert.equal(isClaimCheck({ type: "image_overlay", url: "http://s3/x", bytes: 1 }), true);
  assert.equal(isClaimCheck({ type: "export_ready", url: "http://s3/x", bytes: 1 }), false);
  const get = async (url, init) => {
    assert.equal(url, "http://s3/x");
    assert.equal(init.headers, undefined);
    return Response.json({ type: "keypoints_batch", frames: [1] });
  };
  assert.deepEqual(await whole(CLAIM, get), { type: "keypoints_batch", frames: [1] });
  await assert.rejects(whole(CLAIM, async () => new Response("", { status: 403 })), ClaimLost);
});

test("the page wishes for poses and progress where the plan has them", () => {
  const host = { exercise: "squat" };
  assert.deepEqual(withOwnWishes(host, [], true, true), { ...host, keypoints: true, progression: true });
  assert.deepEqual(withOwnWishes(host, ["keypoints", "progression"], true, true), host);
  assert.deepEqual(withOwnWishes(host, [], true, true, 601), { ...host, progression: true });
  assert.deepEqual(withOwnWishes({}, [], true, false), {});
  assert.deepEqual(withOwnWishes({ skeleton: false }, [], true, false), { skeleton: false });
  assert.deepEqual(withOwnWishes({ source: "image" }, [], false, false), { source: "image" });
  assert.equal(isAsked(host, "video", "keypoints"), false);
  assert.equal(isAsked(host, "video", "keypoints_batch"), false);
  assert.equal(isAsked(host, "video", "progression"), false);
  assert.equal(isAsked({ keypoints: true }, "video", "keypoints_batch"), true);
  assert.equal(isAsked(host, "video", "counter"), true);
  assert.equal(isAsked(host, "video", "error"), true);
  assert.equal(isAsked(host, "image", "keypoints"), true);
  assert.equal(isAsked({}, "video", "keypoints"), true);
  assert.equal(isAsked({ reference: "r" }, "video", "keypoints"), false);
});
