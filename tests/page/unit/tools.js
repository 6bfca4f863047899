/** What the tests of the modules share. */

import { Api } from "../../../api/page/js/api.js";

/** @param {string} text @param {number[]} [cuts] where its bytes are cut */
export function streamOf(text, cuts = []) {
  const bytes = new TextEncoder().encode(text);
  const places = [0, ...cuts, bytes.length];
  return new ReadableStream({
    start(controller) {
      for (let n = 1; n < places.length; n += 1) {
        controller.enqueue(bytes.slice(places[n - 1], places[n]));
      }
      controller.close();
    },
  });
}

/** @param {string} id @param {object} message */
export function event(id, message) {
  return `id: ${id}\nevent: ${message.type}\ndata: ${JSON.stringify(message)}\n\n`;
}

/** An Api whose answers are `answers`, in order; `asked` gets each request. */
export function playedApi(answers, asked = []) {
  const fetch = async (url, init) => {
    asked.push({ url, ...init });
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return typeof answer === "function" ? answer(init) : answer;
  };
  return new Api("http://api/", "pq_secret", { fetch, wait: async () => {} });
}

/** @param {number} status @param {object} problem @param {object} [headers] */
export function refusal(status, problem, headers = {}) {
  return new Response(JSON.stringify(problem), { status, headers });
}

/** All that an async iterable gives. */
export async function all(items) {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}
