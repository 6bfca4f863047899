/**
 * @file Where the console begins. The key stays in this tab; one that comes in the address stands
 * behind the `#`, which no server sees, and is taken out of it.
 */

import { Api } from "../js/api.js";
import { byId } from "../js/dom.js";
import { FileStore } from "../js/file_store.js";
import { forgetAll } from "../js/session.js";
import { showAccount } from "./account.js";
import { Hooks } from "./hooks.js";
import { JobPanel } from "./job.js";
import { Jobs } from "./jobs.js";
import { watchQueue } from "./queue.js";
import { setUpSubmit } from "./submit.js";
import { showProblem, told } from "./components.js";

const STORED = "pq:console";
const BASE = new URL(".", window.location.href).href;

/** @returns {string} */
function keyAtHand() {
  const given = new URLSearchParams(window.location.hash.slice(1)).get("key");
  if (given) {
    window.history.replaceState(null, "", window.location.pathname);
    window.sessionStorage.setItem(STORED, given);
  }
  return window.sessionStorage.getItem(STORED) ?? "";
}

/** @param {string} key */
async function enter(key) {
  const api = new Api(BASE, key);
  const me = await api.call("v1/me");
  window.sessionStorage.setItem(STORED, key);
  byId("who").textContent = `${me.tenant}, ${me.plan}`;
  byId("leave").hidden = false;
  byId("app").dataset.state = "in";
  const panel = new JobPanel(api, key, () => jobs.look(0).catch(() => {}));
  const hooks = new Hooks(api);
  const open = (/** @type {string} */ id) => {
    hooks.close();
    jobs.mark(id);
    panel.open(id);
  };
  const jobs = new Jobs(api, open);
  await jobs.look(0);
  jobs.watch();
  hooks.look();
  showAccount(api, me);
  await setUpSubmit(api, me.blocked, async (job) => {
    await jobs.look(0);
    open(job.id);
  });
}

/** @param {string} key */
async function tryToEnter(key) {
  showProblem(byId("enter-problem"), "");
  try {
    await enter(key);
  } catch (error) {
    window.sessionStorage.removeItem(STORED);
    byId("app").dataset.state = "out";
    showProblem(byId("enter-problem"), told(error));
    byId("key").focus();
  }
}

byId("enter").onsubmit = (/** @type {Event} */ event) => {
  event.preventDefault();
  tryToEnter(byId("key").value.trim());
};
byId("leave").onclick = async () => {
  forgetAll(window.sessionStorage);
  await new FileStore(window.indexedDB).forgetJobs();
  window.location.reload();
};
// an address with a key, opened where the console is already, is no new page by itself
window.addEventListener("hashchange", () => window.location.hash && window.location.reload());
watchQueue(BASE);
const known = keyAtHand();
if (known) tryToEnter(known);
else byId("app").dataset.state = "out";
