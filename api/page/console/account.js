/** @file The key that is signed in: its plan, its limits, and tokens for the upload page. */

import { byId, h, replaceChildren, sizeText } from "../js/dom.js";
import { fact, told, when } from "./components.js";

/**
 * @param {import("../js/api.js").Api} api
 * @param {Record<string, any>} me the answer of /v1/me
 */
export async function showAccount(api, me) {
  byId("page-token").onclick = () => makeToken(api);
  const { limits } = me;
  const usage = await api.call("v1/usage").catch(() => null);
  const facts = [
    fact("Key", me.name ? `${me.name} (${me.keyId})` : me.keyId),
    fact("Plan", me.plan),
    fact("Scopes", me.scopes.join(", ")),
    fact("Valid until", me.expiresAt && when(me.expiresAt)),
    fact("Minutes used this month", usage && `${usage.quota.usedMinutes}${usage.quota.mediaMinutes ? ` of ${usage.quota.mediaMinutes}` : ""}`),
    fact("Largest upload", sizeText(limits.uploadBytes, "en")),
    fact("Longest video", `${Math.round(limits.mediaSeconds / 60)} min`),
  ];
  replaceChildren(byId("key-facts"), ...facts.filter((one) => one !== null));
}

/** @param {import("../js/api.js").Api} api */
async function makeToken(api) {
  const place = byId("page-link");
  place.hidden = false;
  try {
    const { token, expiresAt } = await api.call("v1/page-tokens", { method: "POST", body: {} });
    const query = new URLSearchParams({ token, exercise: byId("exercise").value });
    const address = new URL(`pose_tracker/upload_tracking?${query}`, window.location.href).href;
    const link = h("a", { href: address, target: "_blank", rel: "noopener" }, address);
    replaceChildren(place, link, " until ", when(expiresAt));
  } catch (error) {
    replaceChildren(place, told(error));
  }
}
