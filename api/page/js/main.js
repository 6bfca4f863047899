/** @file Where the upload page begins. */

import { byId } from "./dom.js";
import { FileStore } from "./file_store.js";
import { loadTexts } from "./i18n.js";
import { applyLayout, readLayout, watchFrame } from "./layout.js";
import { Page } from "./page.js";
import { hideToken, readParams } from "./params.js";
import { openSession } from "./session.js";
import { Transport } from "./transport.js";
import { View } from "./view.js";

async function main() {
  const params = readParams(window.location.search);
  hideToken(window);
  const layout = readLayout(params.layout);
  applyLayout(layout, document);
  watchFrame(window);
  const meta = document.querySelector('meta[name="pq-embedders"]')?.getAttribute("content") ?? "";
  const transport = new Transport(window, meta.split(" ").filter(Boolean));
  const [say, session] = await Promise.all([
    loadTexts(params.lang, document),
    openSession(window, params.token, window.location.search),
  ]);
  const base = new URL("..", window.location.href).href;
  const files = new FileStore(storeOf(window));
  const page = new Page({ params, layout, say, view: new View(say), transport, session, files, base });
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
