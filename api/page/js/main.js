/** @file Where the upload page begins. */

import { Api } from "./api.js";
import { byId } from "./dom.js";
import { FileStore } from "./file_store.js";
import { loadTexts } from "./i18n.js";
import { applyLayout, readLayout, watchFrame } from "./layout.js";
import { Page } from "./page.js";
import { hideToken, readParams } from "./params.js";
import { openSession, showSession } from "./session.js";
import { Transport } from "./transport.js";
import { View } from "./view.js";

async function main() {
  const params = readParams(window.location.search, window.location.hash);
  hideToken(window);
  // the console names another job, or this one again, in nothing but the hash: no new page by itself
  if (params.shown) window.addEventListener("hashchange", () => window.location.reload());
  const layout = readLayout(params.layout);
  applyLayout(layout, document);
  watchFrame(window);
  const meta = document.querySelector('meta[name="pq-embedders"]')?.getAttribute("content") ?? "";
  const transport = new Transport(window, meta.split(" ").filter(Boolean));
  const session = params.shown
    ? showSession(params)
    : openSession(window, params.token, window.location.search);
  const api = new Api(new URL("..", window.location.href).href, session.saved.token);
  // asked at once: on a slow line every answer that is waited for alone is seen
  const asked = api.call(`pose_tracker/options?${params.job}`);
  asked.catch(() => {});
  const say = await loadTexts(params.lang, document);
  const files = new FileStore(storeOf(window));
  const view = new View(say);
  const page = new Page({ params, layout, say, view, transport, session, files, api, asked });
  await page.start();
}

/** @param {Window} win */
function storeOf(win) {
  try {
    return win.indexedDB;
  } catch {
    return null; // a frame whose storage is blocked
  }
}

main().catch((error) => {
  console.error(error);
  byId("heading").textContent = "This page could not start. Please reload it.";
  byId("app").dataset.state = "failed";
});
