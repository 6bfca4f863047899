import assert from "node:assert/strict";
import { test } from "node:test";
import { speaker } from "../../../api/page/js/i18n.js";
import { TEXTS } from "../../../api/page/texts/en.js";

/** Parts of the page by id, as far as the panel touches them. */
function parts() {
  const found = {};
  globalThis.document = {
    getElementById: (id) =>
      (found[id] ??= { dataset: {}, style: { setProperty() {} }, hidden: false, textContent: "", firstChild: null }),
  };
  return found;
}

const JUMP = { type: "jump_height", final: true, measuring: false };

test("the height of a jump, where it has one", async () => {
  const found = parts();
  const { Hud } = await import("../../../api/page/js/hud.js");
  const hud = new Hud(speaker(TEXTS, "en"), "jumps");
  const moment = { count: 1, total: null, grade: "", progress: 0, posture: null, advice: [] };
  hud._grade({ ...moment, jump: { ...JUMP, jumpHeightCm: 31.24 } });
  assert.equal(found["hud-grade"].textContent, "31.2 cm");
  hud._grade({ ...moment, jump: { ...JUMP, jumpHeightCm: null, reason: "slow_motion" } });
  assert.equal(found["hud-grade"].hidden, true);
});
