import assert from "node:assert/strict";
import { test } from "node:test";
import { isQuiet } from "../../../api/page/js/job_runner.js";

test("the record is looked at before the first message and after a long silence, not between", () => {
  assert.equal(isQuiet(Number.NEGATIVE_INFINITY, 0), true);
  // a slow video tells its progress every few seconds
  assert.equal(isQuiet(1000, 1000 + 5000), false);
  // and a look every two seconds from here on tells of a lost worker within ten
  assert.equal(isQuiet(1000, 1000 + 8000), true);
});
