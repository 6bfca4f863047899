import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, Refusal, Unreachable } from "../../../api/page/js/api.js";
import { submit } from "../../../api/page/js/job_runner.js";
import { fileProblem } from "../../../api/page/js/picker.js";
import { BY_ENDING, OTHER_NAMES, accepted, typeOf } from "../../../api/page/js/media_types.js";
import { plainName, upload } from "../../../api/page/js/upload.js";
import { playedApi, refusal } from "./tools.js";

const PARTS = { id: "upl_1", partBytes: 4, parts: [1, 2, 3].map((number) => ({ number, url: `s3/${number}` })) };
const file = new File(["aaaabbbbcc"], "clip.mov", { type: "" });

/** Tools whose PUTs are played by `answer`. */
function tools(answer) {
  const stop = new AbortController();
  const seen = { puts: [], progress: [], lost: [] };
  const put = async (url, headers, piece, _signal, report) => {
    seen.puts.push([url, await piece.text(), headers]);
    report(0.5);
    const etag = await answer(url, seen.puts.length, stop);
    report(1);
    return etag;
  };
  const given = {
    signal: stop.signal,
    put,
    wait: async () => {},
    onProgress: (share) => seen.progress.push(share),
    onConnection: (lost) => seen.lost.push(lost),
  };
  return { seen, given };
}

test("a part that breaks is sent again alone, and all are joined in order", async () => {
  const asked = [];
  const api = playedApi([Response.json(PARTS, { status: 201 }), Response.json({ id: "upl_1" })], asked);
  let broken = 2;
  const { seen, given } = tools(async (url) => {
    if (url === "s3/2" && broken-- > 0) throw new Unreachable("reset");
    return `"${url}"`;
  });
  assert.equal(await upload(api, file, given), "upl_1");
  assert.deepEqual(JSON.parse(asked[0].body), { filename: "clip.mov", contentType: "video/quicktime", bytes: 10 });
  assert.equal(seen.puts.filter(([url]) => url === "s3/2").length, 3);
  assert.deepEqual(Object.fromEntries(seen.puts.map(([url, text]) => [url, text])), {
    "s3/1": "aaaa", "s3/2": "bbbb", "s3/3": "cc",
  });
  assert.match(asked[1].url, /upl_1\/complete$/);
  assert.deepEqual(JSON.parse(asked[1].body).parts, [1, 2, 3].map((number) => ({ number, etag: `"s3/${number}"` })));
  assert.ok(seen.lost.includes(true));
  assert.equal(seen.lost.at(-1), false);
  assert.equal(Math.max(...seen.progress), 1);
});

test("an upload in parts goes on after a reload with what is left", async () => {
  const begun = { file: `10 ${file.lastModified} clip.mov`, place: PARTS, done: [{ number: 2, etag: "two" }] };
  const kept = [];
  const asked = [];
  const { seen, given } = tools(async (url) => url);
  const onPart = ({ done }) => kept.push(done.map(({ number }) => number));
  assert.equal(await upload(playedApi([Response.json({})], asked), file, { ...given, begun, onPart }), "upl_1");
  assert.deepEqual(seen.puts.map(([url]) => url).sort(), ["s3/1", "s3/3"]);
  assert.ok(seen.progress[0] > 0.4);
  assert.deepEqual(JSON.parse(asked[0].body).parts.map(({ etag }) => etag), ["s3/1", "two", "s3/3"]);
  assert.equal(kept.length, 2);
  assert.equal(kept[1].length, 3);

  // another file, or an upload that was swept away, begins anew
  const other = { ...begun, file: "11 0 clip.mov" };
  const fresh = tools(async (url) => url);
  await upload(playedApi([Response.json(PARTS), Response.json({})]), file, { ...fresh.given, begun: other });
  assert.equal(fresh.seen.puts.length, 3);
  const swept = { ...begun, place: { ...PARTS, id: "upl_0" }, done: [{ number: 2, etag: "two" }] };
  const again = tools(async (url, count) => {
    if (count <= 2) throw new Refusal(404, {});
    return url;
  });
  const api = playedApi([Response.json(PARTS), Response.json({})]);
  assert.equal(await upload(api, file, { ...again.given, begun: swept }), "upl_1");
  assert.equal(again.seen.puts.length, 5);
});

test("one PUT with the headers that were signed", async () => {
  const place = { id: "upl_2", url: "s3/whole", headers: { "Content-Type": "video/mp4" } };
  const api = playedApi([Response.json(place)]);
  const { seen, given } = tools(async () => "");
  assert.equal(await upload(api, file, given), "upl_2");
  assert.deepEqual(seen.puts, [["s3/whole", "aaaabbbbcc", { "Content-Type": "video/mp4" }]]);
});

test("an address that ran out is asked for anew", async () => {
  const place = (id) => Response.json({ id, url: `s3/${id}`, headers: {} });
  const api = playedApi([place("a"), place("b")]);
  const { given } = tools(async (url) => {
    if (url === "s3/a") throw new Refusal(403, {});
    return "";
  });
  assert.equal(await upload(api, file, given), "b");
});

test("what the store refuses is not repeated; what the API refuses is told", async () => {
  const api = playedApi([Response.json({ id: "a", url: "s3/a", headers: {} })]);
  const { seen, given } = tools(async () => {
    throw new Refusal(400, {});
  });
  await assert.rejects(upload(api, file, given), Refusal);
  assert.equal(seen.puts.length, 1);
  const large = playedApi([refusal(413, { code: "media_too_large" })]);
  await assert.rejects(upload(large, file, given), (error) => error.code === "media_too_large");
});

test("it can be called off", async () => {
  const api = playedApi([Response.json({ id: "a", url: "s3/a", headers: {} })]);
  const { given } = tools(async (_url, _count, stop) => {
    stop.abort(new Error("called off"));
    throw new Unreachable("aborted");
  });
  await assert.rejects(upload(api, file, given), /called off/);
});

test("types by name where the system knows none", () => {
  assert.equal(typeOf({ name: "A.MKV", type: "" }), "video/x-matroska");
  assert.equal(typeOf({ name: "a.heic", type: "" }), "image/heic");
  assert.equal(typeOf({ name: "a", type: "Video/MP4; codecs=x" }), "video/mp4");
  assert.equal(typeOf({ name: "a.ts", type: "text/vnd.trolltech.linguist" }), "video/mp2t");
  assert.equal(typeOf({ name: "a.3gp", type: "audio/3gpp" }), "video/3gpp");
  assert.equal(typeOf({ name: "a", type: "" }), "application/octet-stream");
  assert.equal(typeOf({ name: "a.bin", type: "video/mp4" }), "video/mp4");
});

test("a file that cannot do is told before it is sent", () => {
  const say = (key) => key;
  const of = (name, size, source) => fileProblem({ name, type: "", size }, source, 100, say, "en");
  assert.equal(of("a.jpg", 5, "video"), "not_a_video");
  assert.equal(of("a.mp4", 5, "image"), "not_an_image");
  assert.equal(of("a.mp4", 0, "video"), "empty_file");
  assert.equal(of("a.mp4", 101, ""), "too_large");
  assert.equal(of("a.jpg", 100, ""), "");
});

test("the table is the client's and the API's", () => {
  assert.deepEqual({ ...BY_ENDING }, JSON.parse(process.env.MEDIA_TYPES));
  assert.deepEqual({ ...OTHER_NAMES }, JSON.parse(process.env.OTHER_NAMES));
  assert.ok(accepted("video").startsWith("video/*,"));
  assert.ok(accepted("video").includes(".mkv") && !accepted("video").includes(".png"));
});

test("names keep their joiners and end whole", () => {
  assert.equal(plainName("می\u200cخواهم.mp4"), "می\u200cخواهم.mp4");
  assert.equal(plainName("a\u0000b\n.mp4"), "ab.mp4");
  const long = plainName(`${"🏋".repeat(300)}.mp4`);
  assert.equal([...long].length, 255);
  assert.ok(long.isWellFormed());
  assert.equal(plainName("\n"), "file");
});

test("what a person's file waits for outlasts a line that is gone for minutes", async () => {
  const gone = () => { throw new TypeError("Failed to fetch"); };
  let left = 30;
  const fetch = async () => (left-- > 0 ? gone() : Response.json({ id: "job_1" }, { status: 202 }));
  const wait = async () => {};
  const session = { saved: { key: "k", body: {} }, save: (news) => Object.assign(session.saved, news) };
  const { signal } = new AbortController();
  assert.equal(await submit(new Api("http://pose/", "pq_x", { fetch, wait }), session, signal), "job_1");
  // a person who waits for the page itself is told sooner
  left = 30;
  await assert.rejects(new Api("http://pose/", "pq_x", { fetch, wait }).call("v1/me"), Unreachable);
  assert.ok(left >= 20);
});
