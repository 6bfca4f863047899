// One clip through the TypeScript client: node clip_through.mjs CLIENT SERVER KEY FILE; JSON lines.
import { openAsBlob } from "node:fs";
import { basename } from "node:path";

const [client, server, key, file] = process.argv.slice(2);
const { PoseQueue, Refused, verifyWebhook } = await import(client);
const say = (line) => console.log(JSON.stringify(line));
const queue = new PoseQueue(server, key);
const upload = await queue.upload(await openAsBlob(file), basename(file));
const job = await queue.submit(upload, { exercise: process.env.EXERCISE ?? "squat" }, { metadata: { athlete: 17 } });
say({ job: job.id, metadata: job.metadata });
for await (const { id, message } of queue.follow(job.id)) say({ id, message });
say({ status: (await queue.job(job.id)).status });
const page = await queue.messages(job.id, { limit: 2, edition: "v3" });
say({ first: page.messages[0].message.type, next: page.next });
await queue.submit(upload, { exercise: "sqat" }).catch((error) => {
  say({ refused: error instanceof Refused, code: error.code, meant: error.details.didYouMean });
});
const { secret, headers, body } = JSON.parse(process.env.WEBHOOK);
say({ event: (await verifyWebhook(secret, headers, body)).type });
for (const wrong of [{ ...headers, "webhook-signature": "v1,AAAA" }, { ...headers, "webhook-timestamp": "1" }, {}]) {
  await verifyWebhook(secret, wrong, body).then(
    () => say({ wrong: "taken" }),
    (error) => say({ wrong: error.constructor.name }),
  );
}
