import assert from "node:assert/strict";
import { test } from "node:test";
import { jointAngles } from "../../../api/page/js/angles.js";
import { FrameClock, frameOf, upper } from "../../../api/page/js/clock.js";
import { linePath, rangeText } from "../../../api/page/js/curves.js";
import { clockText, sizeText } from "../../../api/page/js/dom.js";
import { speaker } from "../../../api/page/js/i18n.js";
import { contentBox, drawPose } from "../../../api/page/js/overlay.js";
import { pack, unpack } from "../../../api/page/js/poses.js";
import { Scene } from "../../../api/page/js/playback_state.js";
import { Timeline } from "../../../api/page/js/timeline.js";

test("a frame's time: known, between known ones, or by the rate", () => {
  const clock = new FrameClock();
  clock.setRate(25);
  assert.equal(clock.at(10), 400);
  clock.note(10, 500);
  assert.equal(clock.at(10), 500);
  assert.equal(clock.at(11), 540);
  assert.equal(clock.at(9), 460);
  clock.note(20, 1500);
  assert.equal(clock.at(15), 1000);
  clock.note(15, 700);
  assert.equal(clock.at(15), 700);
  assert.equal(clock.at(0), 100);
  assert.equal(frameOf("31-2"), 30);
  assert.equal(upper([1, 2, 2, 3], 2), 3);
});

test("values hold from their time on, in whatever order they came", () => {
  const line = new Timeline();
  line.add("a", 200, "second");
  line.add("a", 100, "first");
  assert.equal(line.at("a", 99), null);
  assert.equal(line.at("a", 100), "first");
  assert.equal(line.at("a", 5000), "second");
  assert.equal(line.at("a", 5000, 100), null);
  assert.equal(line.nearest("a", 160, 50), "second");
  assert.equal(line.nearest("a", 140, 50), "first");
  assert.equal(line.nearest("a", 400, 50), null);
  assert.equal(line.nearest("none", 0, 50), null);
});

test("any moment can be drawn, forward and back", () => {
  const scene = new Scene();
  scene.setMedia({ durationMs: 4000, width: 100, height: 200, fps: 10 });
  scene.add("0-1", { type: "posture", message: "Step back", direction: "backward", ready: false });
  scene.add("6-1", { type: "posture", message: "ok", direction: "in-frame", ready: true });
  scene.add("11-1", { type: "progression", value: 40 });
  scene.add("21-1", { type: "counter", current_count: 1, timestampMs: 2000, form_score: { grade: "B" } });
  scene.add("21-2", { type: "recommendations", data: ["Deeper."], codes: ["x"] });
  scene.add("31-1", { type: "keypoints", timestampMs: 3000, frameId: 30, keypoints: [] });
  scene.add("41-1", { type: "counter", current_count: 1, final: true, timestampMs: 3900 });
  assert.equal(scene.at(100).posture.direction, "backward");
  assert.equal(scene.at(600).posture, null);
  assert.deepEqual([scene.at(900).progress, scene.at(1000).progress], [null, 40]);
  assert.deepEqual([scene.at(1900).count, scene.at(2000).count], [0, 1]);
  assert.equal(scene.at(2500).grade, "B");
  assert.deepEqual(scene.at(2500).advice, ["Deeper."]);
  assert.equal(scene.at(2000).joints, null);
  assert.notEqual(scene.at(3050).joints, null);
  assert.equal(scene.at(1900).count, 0);
  assert.equal(scene.final.final, true);
});

test("the joints of a repetition's worst fault are shown while it lasts", () => {
  const scene = new Scene();
  const criteria = [
    { name: "range", judged: true, score: 45, joints: ["hip", "knee"] },
    { name: "knees_in", judged: true, score: 10, joints: ["knee", "ankle"] },
    { name: "tempo", judged: true, score: 0 },
    { name: "shift", judged: false },
  ];
  const history = [
    { index: 1, startMs: 1000, endMs: 2000, counted: true, criteria },
    { index: 2, startMs: 3000, endMs: 4000, counted: false, criteria },
    { index: 3, startMs: 5000, endMs: 6000, counted: true, criteria: [{ name: "range", judged: true, score: 90 }] },
    { index: 4, startMs: 7000, endMs: 8000, counted: true },
  ];
  assert.deepEqual(scene.at(1500).focus, []);
  scene.add("200-1", { type: "exercise_summary", history });
  const found = [500, 1500, 2500, 3500, 5500, 7500].map((ms) => scene.at(ms).focus.join(" "));
  assert.deepEqual(found, ["", "knee ankle", "", "", "", ""]);
  assert.deepEqual(scene.whole().focus, []);
});

test("joints to look at, and the limbs between them, are red", () => {
  const names = ["left_hip", "left_knee", "left_ankle"];
  const joints = names.map((name, n) => ({ name, x: 0.5, y: n / 10, score: 0.9 }));
  const red = (/** @type {string[]} */ focus) => {
    /** @type {string[]} */
    const used = [];
    const nothing = () => undefined;
    drawPose({
      beginPath: nothing, moveTo: nothing, lineTo: nothing, arc: nothing,
      stroke() { used.push(this.strokeStyle); }, fill() { used.push(this.fillStyle); },
    }, joints, { x: 0, y: 0, width: 100, height: 100 }, focus);
    return used.filter((colour) => colour === "#ef4444").length;
  };
  assert.deepEqual([red([]), red(["knee"]), red(["knee", "ankle"]), red(["hip", "knee", "ankle"])], [0, 1, 3, 5]);
});

test("poses are kept in few bytes", () => {
  const joints = [{ name: "nose", x: 0.25, y: 0.5, z: 0, score: 1 }, { name: "left_eye", x: 0, y: 1, z: 0, score: 0.5 }];
  const packed = pack(joints);
  assert.equal(packed.values.byteLength, 24);
  assert.deepEqual(unpack(packed), joints.map(({ z, ...rest }) => rest));
  assert.equal(pack(joints).names, packed.names);
  assert.equal(unpack(null), null);
});

test("the host's angles win over those of keypoints", () => {
  const scene = new Scene();
  const joints = ["hip", "knee", "ankle"].map((name, n) => ({ name: `left_${name}`, x: 0.5, y: n / 10, score: 1 }));
  scene.add("1-1", { type: "keypoints", timestampMs: 0, keypoints: joints });
  assert.equal(Math.round(scene.timeline.all("joint_angles").values[0].left_knee), 180);
  scene.add("1-2", { type: "angles", timestampMs: 0, data: {}, angles: { left_knee: 170 } });
  scene.add("2-1", { type: "keypoints", timestampMs: 33, keypoints: joints });
  assert.deepEqual(scene.timeline.all("joint_angles").values, [{ left_knee: 170 }]);
});

test("angles are taken in the picture's proportions", () => {
  const at = (name, x, y) => ({ name, x, y, score: 0.9 });
  const joints = [at("left_hip", 0.5, 0.2), at("left_knee", 0.5, 0.4), at("left_ankle", 0.6, 0.4)];
  assert.equal(Math.round(jointAngles(joints, 2).left_knee), 90);
  const bent = [at("left_hip", 0.4, 0.3), at("left_knee", 0.5, 0.4), at("left_ankle", 0.6, 0.3)];
  assert.equal(Math.round(jointAngles(bent, 1).left_knee), 90);
  assert.equal(Math.round(jointAngles(bent, 2).left_knee), 127);
  assert.deepEqual(jointAngles([{ ...joints[0], score: 0.1 }, joints[1], joints[2]], 1), {});
});

test("where object-fit puts the picture", () => {
  assert.deepEqual(contentBox("contain", 200, 100, 100, 100), { x: 50, y: 0, width: 100, height: 100 });
  assert.deepEqual(contentBox("cover", 200, 100, 100, 100), { x: 0, y: -50, width: 200, height: 200 });
  assert.deepEqual(contentBox("fill", 200, 100, 100, 100), { x: 0, y: 0, width: 200, height: 100 });
  assert.deepEqual(contentBox("none", 200, 100, 100, 50), { x: 50, y: 25, width: 100, height: 50 });
  assert.deepEqual(contentBox("scale-down", 200, 100, 400, 100), { x: 0, y: 25, width: 200, height: 50 });
});

test("curves break where the joint was not seen", () => {
  const times = Array.from({ length: 60 }, (_, n) => n * 33);
  const values = times.map((ms) => (ms > 500 && ms < 1200 ? {} : { left_knee: 90 }));
  const path = linePath({ times, values }, "left_knee", 2000);
  assert.equal(path.match(/M/g).length, 2);
  assert.equal(rangeText({ times, values }, "left_knee"), "90–90°");
  assert.equal(linePath({ times, values }, "right_knee", 2000), "");
});

test("times and sizes as people read them", () => {
  assert.equal(clockText(61_500), "1:01");
  const { number } = speaker({}, "de");
  assert.equal(clockText(4_940, number), "0:04,9");
  assert.equal(clockText(59_960, number), "1:00,0");
  assert.equal(sizeText(2 * 1024 ** 3, "en"), "2\u00a0GB");
  assert.equal(sizeText(1.5 * 1024 ** 3, "de"), "1,5\u00a0GB");
  assert.equal(sizeText(20 * 1024 ** 2, "fr"), "20\u00a0Mo");
});
