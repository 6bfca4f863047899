import assert from "node:assert/strict";
import { test } from "node:test";
import { applyLayout, length, lengths, place, readLayout } from "../../../api/page/js/layout.js";
import { hideToken, mediaUrl, readParams } from "../../../api/page/js/params.js";

test("lengths", () => {
  assert.equal(length("350"), "350px");
  assert.equal(length(" 90VH "), "90vh");
  assert.equal(length("12.5rem"), "12.5rem");
  assert.equal(length("100%"), "100%");
  for (const bad of ["", "-5", "auto", "1px;color:red", "calc(1px)", "url(x)", "1e3", "999999", "5 px", undefined]) {
    assert.equal(length(bad), "", String(bad));
  }
  assert.equal(lengths("8 16px"), "8px 16px");
  assert.equal(lengths("1 2 3 4 5"), "");
  assert.equal(lengths("1 red"), "");
});

test("places", () => {
  assert.deepEqual(place("bottom"), ["end", "center"]);
  assert.deepEqual(place("top-left"), ["start", "start"]);
  assert.deepEqual(place("Center Right"), ["center", "end"]);
  assert.equal(place("everywhere"), null);
  assert.equal(place(""), null);
});

test("nothing of the address becomes style text", () => {
  const evil = "1px; background: url(http://evil)";
  const names = ["width", "height", "containerMinHeight", "containerMaxWidth", "containerMaxHeight",
    "objectFit", "uploadButtonPosition", "uploadAreaPadding"];
  const layout = readLayout(Object.fromEntries(names.map((name) => [name, evil])));
  const set = [];
  const root = { style: { setProperty: (...pair) => set.push(pair) }, classList: { toggle() {} } };
  applyLayout(layout, { documentElement: root });
  assert.deepEqual(set, []);
});

test("a label is a text of limited length", () => {
  assert.equal([...readLayout({ uploadLabel: "🏋".repeat(200) }).label].length, 80);
  assert.equal(readLayout({ uploadLabel: " <b>Go</b> " }).label, "<b>Go</b>");
});

test("the address is sorted into what is whose", () => {
  const found = readParams("?token=pq_1&exercise=squat&width=350&uploadLabel=Go&isMobile=true&minGrade=b");
  assert.equal(found.token, "pq_1");
  assert.equal(found.job.toString(), "exercise=squat&isMobile=true&minGrade=b");
  assert.equal(found.layout.width, "350");
  const image = readParams("?token=x&imageSrc=https://a/b.jpg?sig=1");
  assert.equal(image.job.toString(), "source=image");
  assert.equal(mediaUrl(image), "https://a/b.jpg?sig=1");
  const both = readParams("?videoSrc=https://v&imageSrc=https://i");
  assert.equal(mediaUrl(both), "https://v");
  assert.equal(mediaUrl(readParams("?source=image&videoSrc=https://v")), "");
  assert.equal(readParams("?lang=fr").lang, "fr");
});

test("the key leaves the address and its history", () => {
  const calls = [];
  const win = {
    location: { href: "https://h/p?token=pq_1&exercise=squat#x" },
    history: { state: { a: 1 }, replaceState: (...given) => calls.push(given) },
  };
  hideToken(win);
  assert.deepEqual(calls[0][0], { a: 1 });
  assert.equal(calls[0][2].href, "https://h/p?exercise=squat#x");
  hideToken({ ...win, location: { href: "https://h/p?exercise=squat" } });
  assert.equal(calls.length, 1);
});
