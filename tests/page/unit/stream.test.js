import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal, Unreachable } from "../../../api/page/js/api.js";
import { follow, isAfter } from "../../../api/page/js/follow.js";
import { readEvents } from "../../../api/page/js/sse.js";
import { all, event, playedApi, refusal, streamOf } from "./tools.js";

const counter = (count) => ({ type: "counter", current_count: count });
const noWait = { wait: async () => {} };

test("events come out whole wherever the bytes are cut", async () => {
  const text = ': connected\n\nid: 1-1\nevent: posture\ndata: {"message":"Déjà vu ½ 🏋"}\n\nid: 2-1\r\ndata: a\r\ndata: b\r\n\r\n: still here\n\n';
  const size = new TextEncoder().encode(text).length;
  const expected = [
    { id: "1-1", named: true, type: "posture", data: '{"message":"Déjà vu ½ 🏋"}' },
    { id: "2-1", named: true, type: "message", data: "a\nb" },
  ];
  for (let cut = 1; cut < size; cut += 1) {
    assert.deepEqual(await all(readEvents(streamOf(text, [cut]))), expected, `cut at ${cut}`);
  }
  const every = Array.from({ length: size - 1 }, (_, n) => n + 1);
  assert.deepEqual(await all(readEvents(streamOf(text, every))), expected);
});

test("of messages that share an id all are read, and again where the line breaks between them", async () => {
  const unnamed = (message) => event("", message).replace("id: \n", "");
  const [height, result, done] = [{ type: "jump_height" }, { type: "jump_result" }, { type: "done" }];
  const whole = event("0-1", { type: "posture" }) + unnamed(height) + event("1-1", result) + event("1-2", done);
  const asked = [];
  const broken = whole.slice(0, whole.indexOf("id: 1-1"));
  const api = playedApi([new Response(streamOf(broken)), new Response(streamOf(whole.slice(whole.indexOf("event: jump_height"))))], asked);
  const found = await all(follow(api, "job_1", "0-0", { wait: async () => {} }));
  assert.deepEqual(
    found.map(({ id, message, part, last }) => [id, message.type, part, last]),
    [["0-1", "posture", 0, true], ["1-1", "jump_height", 0, false], ["1-1", "jump_result", 1, true], ["1-2", "done", 0, true]],
  );
  assert.equal(asked[1].headers.get("Last-Event-ID"), "0-1");
});

test("an unfinished event is no event", async () => {
  assert.deepEqual(await all(readEvents(streamOf("id: 1-1\ndata: {}\n"))), []);
});

test("entry ids are ordered by both numbers", () => {
  assert.equal(isAfter("2-1", "1-9"), true);
  assert.equal(isAfter("10-1", "9-1"), true);
  assert.equal(isAfter("3-2", "3-1"), true);
  assert.equal(isAfter("3-1", "3-1"), false);
  assert.equal(isAfter("0-1", "0-0"), true);
});

test("a broken stream goes on behind the last message, with the key in the header alone", async () => {
  const asked = [];
  const pieces = [event("1-1", counter(1)) + "id: 2-1\ndata: {"];
  const broken = new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece) controller.enqueue(new TextEncoder().encode(piece));
      else controller.error(new Error("reset"));
    },
  });
  const rest = event("2-1", counter(2)) + event("2-2", { type: "done", status: "succeeded" });
  const api = playedApi([new Response(broken), new TypeError("offline"), new Response(rest)], asked);
  const found = await all(follow(api, "job_1", "0-0", noWait));
  assert.deepEqual(found.map(({ id }) => id), ["1-1", "2-1", "2-2"]);
  assert.deepEqual(asked.map(({ headers }) => headers.get("Last-Event-ID")), ["0-0", "1-1", "1-1"]);
  for (const { url, headers } of asked) {
    assert.equal(url, "http://api/v1/jobs/job_1/messages?edition=superset");
    assert.equal(headers.get("Authorization"), "Bearer pq_secret");
  }
});

test("a stream that ends without `done` is read on", async () => {
  const api = playedApi([
    new Response(event("1-1", counter(1))),
    new Response(event("1-2", { type: "done", status: "failed" })),
  ]);
  assert.equal((await all(follow(api, "job_1", "0-0", noWait))).length, 2);
});

test("a stream that falls silent is left and resumed", async () => {
  const silent = (init) =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode(event("1-1", counter(1))));
          init.signal.addEventListener("abort", () => controller.error(init.signal.reason));
        },
      }),
    );
  const api = playedApi([silent, new Response(event("2-1", { type: "done", status: "succeeded" }))]);
  const found = await all(follow(api, "job_1", "0-0", { ...noWait, silenceMs: 20 }));
  assert.deepEqual(found.map(({ id }) => id), ["1-1", "2-1"]);
});

test("a refusal that time does not mend ends it; 503 does not", async () => {
  const gone = playedApi([refusal(503, {}), refusal(404, { code: "not_found" })]);
  await assert.rejects(all(follow(gone, "job_1", "0-0", noWait)), (error) => {
    assert.ok(error instanceof Refusal);
    return error.status === 404;
  });
});

test("it gives up after many breaks in a row", async () => {
  const api = playedApi(Array.from({ length: 60 }, () => new TypeError("offline")));
  await assert.rejects(all(follow(api, "job_1", "0-0", noWait)), Unreachable);
});

test("it stops when it is told to", async () => {
  const stop = new AbortController();
  const api = playedApi([new Response(event("1-1", counter(1))), new TypeError("offline")]);
  const wait = async (_ms, signal) => {
    stop.abort(new Error("called off"));
    throw signal.reason;
  };
  await assert.rejects(all(follow(api, "job_1", "0-0", { wait, signal: stop.signal })), /called off/);
});

test("calls are repeated while nothing answers, and only where they may be", async () => {
  const asked = [];
  const api = playedApi([new TypeError("x"), refusal(503, {}), Response.json({ id: 1 })], asked);
  assert.deepEqual(await api.call("v1/me"), { id: 1 });
  assert.equal(asked.length, 3);
  const once = playedApi([new TypeError("x"), Response.json({})]);
  await assert.rejects(once.call("v1/jobs", { method: "POST", body: {} }), Unreachable);
  const told = playedApi([refusal(422, { code: "invalid_parameter", detail: "No." }), Response.json({})]);
  await assert.rejects(told.call("v1/me"), (error) => error.code === "invalid_parameter" && error.message === "No.");
});
