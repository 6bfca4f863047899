import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal, Unreachable } from "../../../api/page/js/api.js";
import { languageOf, speaker } from "../../../api/page/js/i18n.js";
import { advice, errorMessage, missingToken, problemOf, uploadProblem } from "../../../api/page/js/problems.js";

const LANGUAGES = ["en", "fr", "de", "es", "pt"];
const TEXTS = Object.fromEntries(
  await Promise.all(
    LANGUAGES.map(async (name) => [name, (await import(`../../../api/page/texts/${name}.js`)).TEXTS]),
  ),
);
const CODES = (process.env.CODES ?? "internal").split(",");
const EXERCISES = (process.env.EXERCISES ?? "squat").split(",");
const WARNINGS = (process.env.WARNINGS ?? "turned").split(",");
const REASONS = (process.env.REASONS ?? "cut_off").split(",");
const places = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

for (const language of LANGUAGES) {
  test(`${language} has every text, with the same gaps`, () => {
    assert.deepEqual(Object.keys(TEXTS[language]).sort(), Object.keys(TEXTS.en).sort());
    for (const [key, text] of Object.entries(TEXTS[language])) {
      assert.ok(text.trim(), key);
      assert.deepEqual(places(text), places(TEXTS.en[key]), key);
    }
  });

  test(`${language} names every exercise and says what to do about every error`, () => {
    const say = speaker(TEXTS[language], language);
    for (const exercise of EXERCISES) assert.ok(TEXTS[language][exercise], exercise);
    for (const code of CODES) {
      const told = advice({ code, message: "", details: { blocked: ["export"], parameter: "x" } }, say);
      if (code === "backend_fallback_cpu") continue; // a warning that nobody need act on
      assert.doesNotMatch(told.title + told.help, /error_|help_|[{}]/, code);
      assert.ok(told.title && told.help, code);
    }
    for (const code of WARNINGS) assert.ok(TEXTS[language][`warn_${code}`], code);
    for (const reason of REASONS) {
      assert.ok(TEXTS[language][`why_${reason}`] && TEXTS[language][`not_${reason}`], reason);
    }
  });
}

test("plurals and numbers follow the language", () => {
  const say = (language) => speaker(TEXTS[language], language);
  assert.equal(say("en")("reps", { count: 1 }), "1 rep");
  assert.equal(say("en")("reps", { count: 0 }), "0 reps");
  assert.equal(say("fr")("reps", { count: 0 }), "0 répétition");
  assert.equal(say("de")("jumps", { count: 2 }), "2 Sprünge");
  assert.equal(say("es")("reps", { count: 1_000_000 }).split(" ").at(-1), "repeticiones");
  assert.deepEqual([1, 2].map((count) => say("en")("unit_jumps", { count })), ["jump", "jumps"]);
  assert.deepEqual([say("de").number(43.84, 1), say("en").number(43, 1)], ["43,8", "43.0"]);
});

test("languages by their primary tag, English otherwise", () => {
  assert.deepEqual(["pt-BR", "FR", "de_AT", "it", ""].map(languageOf), ["pt", "fr", "de", "en", "en"]);
});

test("refusals reach the host in the contract's codes and words", () => {
  const refused = new Refusal(403, {
    code: "developer_features_not_allowed",
    detail: "You cannot use developer features. Your plan does not include: export.",
    details: { blocked: ["export"] },
  });
  assert.deepEqual(errorMessage(problemOf(refused)), {
    type: "error",
    code: "developer_features_not_allowed",
    message: "You cannot use developer features. Your plan does not include: export.",
    details: { blocked: ["export"] },
    error: "developer_features_not_allowed",
  });
  assert.match(missingToken().message, /^Invalid params\./);
  assert.equal(problemOf(new Refusal(429, { code: "rate_limited" })).code, "quota_exceeded");
  assert.deepEqual(problemOf(new Refusal(404, { code: "not_found" })).details, { reason: "not_found" });
  assert.equal(problemOf(new Unreachable("x")).code, "internal");
  assert.equal(uploadProblem(new Unreachable("x"), "image").code, "image_load_error");
  assert.equal(uploadProblem(new Unreachable("x"), "video").code, "video_load_error");
  assert.equal(uploadProblem(new Refusal(413, { code: "media_too_large" }), "video").code, "media_too_large");
  assert.equal("details" in errorMessage({ code: "internal", message: "x" }), false);
});

test("another try is offered where it can help", () => {
  const say = (key) => key;
  assert.equal(advice({ code: "invalid_token", message: "" }, say).otherFile, false);
  assert.equal(advice({ code: "media_decode_error", message: "" }, say).otherFile, true);
  const lost = advice(problemOf(new Unreachable("x")), say);
  assert.deepEqual([lost.title, lost.again, lost.otherFile], ["error_unreachable", true, false]);
});
