import assert from "node:assert/strict";
import { test } from "node:test";
import { Messages } from "../../../api/page/console/messages.js";

/** As much of an element as lanes and rows use. */
class Element {
  constructor(tag) {
    Object.assign(this, { tag, children: [], attributes: {}, style: {}, parent: null });
    Object.assign(this, { scrollTop: 0, clientHeight: 0, scrollHeight: 0, own: "" });
    document.made += 1;
  }
  get firstChild() {
    return this.children[0];
  }
  get textContent() {
    return this.own + this.children.map((child) => child.textContent ?? child).join("");
  }
  set textContent(text) {
    [this.own, this.children] = [text, []];
  }
  setAttribute(name, value) {
    this.attributes[name] = value;
  }
  addEventListener() {}
  append(...children) {
    for (const child of children) if (child instanceof Element) child.parent = this;
    this.children.push(...children);
  }
  remove() {
    this.parent.children.splice(this.parent.children.indexOf(this), 1);
  }
}

/** A page with a list and lanes, and what they show. */
function page() {
  globalThis.document = { made: 0 };
  globalThis.requestAnimationFrame = (run) => run(); // each message is seen before the next one
  globalThis.document.createElement = (tag) => new Element(tag);
  const known = { messages: new Element("ol"), lanes: new Element("div") };
  globalThis.document.getElementById = (id) => known[id];
  const lane = (type) => {
    const found = known.lanes.children.find((one) => one.attributes["data-type"] === type);
    const [, track, number] = found.children;
    return { shown: track.children, count: number.textContent };
  };
  return { lane, rowsOf: () => known.messages.children };
}

test("a lane tells how many there are and has the last marks, as the list has the last rows", () => {
  const { lane, rowsOf } = page();
  const messages = new Messages(false);
  messages.setMedia({ durationMs: 100_000, fps: 50 });
  for (let n = 1; n <= 2501; n += 1) messages.add(`${n}-0`, { type: "counter", current_count: n });
  const { shown, count } = lane("counter");
  assert.equal(count, "2501");
  assert.deepEqual(shown.map((mark) => mark.attributes["aria-label"]), rowsOf().map((row) => row.attributes["data-id"]));
  assert.equal(shown.length, 1000);
  assert.equal(shown[999].style.left, "50%");
});

test("each message makes its own mark and row and none of the others' anew", () => {
  page();
  const messages = new Messages(false);
  const cost = (from, to) => {
    const before = document.made;
    for (let n = from; n < to; n += 1) messages.add(`${n}-0`, { type: "posture" });
    return document.made - before;
  };
  cost(1, 2);
  assert.equal(cost(2, 12), cost(800, 810));
});

test("of messages of each frame that are not listed nothing is kept or written out", () => {
  const { lane, rowsOf } = page();
  const messages = new Messages(false);
  const unwritten = { toJSON: () => assert.fail("written out") };
  messages.setMedia({ durationMs: 10_000, fps: 30 });
  messages.add("1-0", { type: "keypoints", timestampMs: 1000, keypoints: unwritten });
  const before = document.made;
  for (let n = 2; n <= 500; n += 1) messages.add(`${n}-0`, { type: "keypoints", timestampMs: 1000 + 10 * n, keypoints: unwritten });
  const { shown, count } = lane("keypoints");
  assert.deepEqual([count, shown.length, rowsOf().length, document.made], ["500", 1, 0, before]);
  assert.deepEqual(shown[0].style, { left: "10%", width: "50%" });
});

test("marks move to where they belong once the media's length is known", () => {
  const { lane } = page();
  const messages = new Messages(false);
  messages.add("31-0", { type: "counter" });
  messages.add("1-0", { type: "angles", timestampMs: 0 });
  messages.add("61-0", { type: "angles", timestampMs: 3000 });
  messages.setMedia({ durationMs: 6000, fps: 30 });
  assert.equal(lane("counter").shown[0].style.left, "25%", "its frame lies between two whose times are told");
  assert.deepEqual(lane("angles").shown[0].style, { left: "0%", width: "50%" });
});
