import assert from "node:assert/strict";
import { test } from "node:test";
import { samples, unserved } from "../../../api/page/console/queue.js";

test("samples of a metric by a label", () => {
  const text = [
    "# HELP posequeue_jobs Jobs that are not finished",
    'posequeue_jobs{state="queued"} 3.0',
    'posequeue_jobs{queue="pose.cpu",state="running"} 1.0',
    'posequeue_jobs{queue="export",state="running"} 2.0',
    'posequeue_jobs_total{state="queued"} 99.0',
    "up 1",
  ].join("\n");
  assert.deepEqual(samples(text, "posequeue_jobs", "state"), { queued: 3, running: 3 });
  assert.deepEqual(samples("", "posequeue_jobs", "state"), {});
});

test("a queue that another kind of worker serves is not missed", () => {
  assert.deepEqual(unserved(["pose.gpu"]), []);
  assert.deepEqual(unserved(["pose.gpu", "webhooks"]), ["webhooks"]);
  assert.deepEqual(unserved(["pose.cpu", "pose.gpu"]), ["pose.cpu", "pose.gpu"]);
});
