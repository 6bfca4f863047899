import assert from "node:assert/strict";
import { test } from "node:test";
import { Transport, targetOrigins } from "../../../api/page/js/transport.js";

const MESSAGE = { type: "counter", current_count: 2 };

/** A window that notes what reaches it by which way. */
function fakeWindow(ways, { framed = true, ancestors, referrer = "" } = {}) {
  const got = [];
  const win = {
    location: { origin: "https://pose.example", ancestorOrigins: ancestors },
    document: { readyState: "complete", referrer },
  };
  win.postMessage = (data, origin) => got.push(["self", data, origin]);
  win.parent = framed ? { postMessage: (data, origin) => got.push(["parent", data, origin]) } : win;
  if (ways.includes("callback")) win.webViewCallback = (data) => got.push(["callback", data]);
  if (ways.includes("native")) win.ReactNativeWebView = { postMessage: (data) => got.push(["native", data]) };
  if (ways.includes("ios")) {
    win.webkit = { messageHandlers: { iosListener: { postMessage: (data) => got.push(["ios", data]) } } };
  }
  return { win, got };
}

for (const [ways, route, form] of [
  [["callback", "ios"], "callback", "object"],
  [["callback"], "callback", "object"],
  [["ios"], "ios", "string"],
  [[], "parent", "string"],
]) {
  test(`${ways.join(" and ") || "no bridge"}: one message by ${route}, as ${form}`, () => {
    const { win, got } = fakeWindow(ways);
    new Transport(win, ["*"]).send(MESSAGE);
    assert.equal(got.length, 1);
    assert.equal(got[0][0], route);
    assert.deepEqual(got[0][1], form === "object" ? MESSAGE : JSON.stringify(MESSAGE));
  });
}

for (const [ways, route] of [
  [["callback", "ios", "native"], "callback"],
  [["ios", "native"], "ios"],
  [["native"], "native"],
]) {
  test(`at top level, ${ways.join(" and ")}: by ${route}`, () => {
    const { win, got } = fakeWindow(ways, { framed: false });
    new Transport(win, ["*"]).send(MESSAGE);
    assert.deepEqual(got.map(([way]) => way), [route]);
    if (route === "native") assert.equal(got[0][1], JSON.stringify(MESSAGE));
  });
}

test("in a frame of a React Native WebView the parent is the host", () => {
  const { win, got } = fakeWindow(["native"]);
  new Transport(win, ["*"]).send(MESSAGE);
  assert.deepEqual(got.map(([way]) => way), ["parent"]);
});

test("what was said first is said again to a bridge that comes late", async () => {
  const { win, got } = fakeWindow([], { framed: false });
  const transport = new Transport(win, ["*"], { bridgeMs: 0, lateMs: 2000 });
  await transport.ready;
  const refusal = { type: "error", code: "missing_token" };
  transport.send(MESSAGE);
  transport.send(refusal);
  assert.equal(got.length, 2);
  setTimeout(() => (win.webViewCallback = (data) => got.push(["callback", data])), 120);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual(got.slice(2), [["callback", MESSAGE], ["callback", refusal]]);
  transport.send(MESSAGE);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(got.length, 5);
});

test("what a bridge took is not said again when another one comes", async () => {
  const { win, got } = fakeWindow(["native"], { framed: false });
  const transport = new Transport(win, ["*"], { bridgeMs: 0, lateMs: 500 });
  transport.send(MESSAGE);
  win.webViewCallback = (data) => got.push(["callback", data]);
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.deepEqual(got.map(([way]) => way), ["native"]);
});

test("React Native: no bridge, no frame, so the page's own window with its own origin", () => {
  const { win, got } = fakeWindow([], { framed: false });
  new Transport(win, ["https://app.example"], { lateMs: 0 }).send(MESSAGE);
  assert.deepEqual(got, [["self", JSON.stringify(MESSAGE), "https://pose.example"]]);
});

test("a host that throws has had its message; no other way is tried", (context) => {
  const { win, got } = fakeWindow(["ios"]);
  win.webViewCallback = () => {
    throw new Error("host");
  };
  const quiet = context.mock.method(console, "error", () => {});
  new Transport(win, ["*"]).send(MESSAGE);
  assert.deepEqual(got, []);
  assert.equal(quiet.mock.callCount(), 1);
});

test("target origins", () => {
  const of = (embedders, how) => targetOrigins(fakeWindow([], how).win, embedders);
  const app = "https://app.example";
  assert.deepEqual(of(["*"]), ["*"]);
  assert.deepEqual(of([app, "https://b.example"], { ancestors: [app, "https://top"] }), [app]);
  assert.deepEqual(of([app], { referrer: `${app}/some/page` }), [app]);
  assert.deepEqual(of([app], { ancestors: ["https://evil.example"] }), []);
  assert.deepEqual(of(["https://*.example"], { ancestors: ["https://x.y.example"] }), ["https://x.y.example"]);
  assert.deepEqual(of(["https://*.example"], { ancestors: ["https://badexample"] }), []);
  assert.deepEqual(of(["https://*.example"], { ancestors: ["http://x.example"] }), []);
  // nobody tells who frames: the browser delivers to a matching parent alone
  assert.deepEqual(of([app, "https://b.example", "https://*.c"]), [app, "https://b.example"]);
  assert.deepEqual(of(["*"], { ancestors: ["null"] }), ["*"]);
});

test("the first message waits for a bridge that an app puts in late", async () => {
  const { win, got } = fakeWindow([], { framed: false });
  const transport = new Transport(win, ["*"], { bridgeMs: 500 });
  setTimeout(() => (win.webViewCallback = (data) => got.push(["callback", data])), 120);
  await transport.ready;
  transport.send(MESSAGE);
  assert.deepEqual(got, [["callback", MESSAGE]]);
});

test("in a frame nothing is waited for", async () => {
  let ready = false;
  new Transport(fakeWindow([]).win, ["*"]).ready.then(() => (ready = true));
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(ready);
});
