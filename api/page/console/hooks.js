/** @file Webhooks and their deliveries, with a test and a replay at hand. */

import { byId, h, replaceChildren } from "../js/dom.js";
import { Refusal } from "../js/api.js";
import { action, chip, told, when } from "./components.js";

/** The list of webhooks and the deliveries of the chosen one. */
export class Hooks {
  /** @param {import("../js/api.js").Api} api */
  constructor(api) {
    this._api = api;
    this._id = "";
  }

  async look() {
    const place = byId("hooks");
    try {
      const { webhooks } = await this._api.call("v1/webhooks?limit=50");
      const rows = webhooks.map((/** @type {any} */ hook) => this._hook(hook));
      replaceChildren(place, ...rows);
      if (!rows.length) place.append(h("p", { class: "soft small" }, "None yet: POST /v1/webhooks makes one."));
    } catch (error) {
      const gone = error instanceof Refusal && error.status === 404;
      replaceChildren(place, h("p", { class: "soft small" }, gone ? "This server has none." : told(error)));
    }
  }

  /** @param {Record<string, any>} hook */
  _hook(hook) {
    const state = hook.enabled ? (hook.failingSince ? "failing" : "enabled") : "disabled";
    return h(
      "div",
      { class: "hook" },
      h("button", { type: "button", class: "pick", onclick: () => this.open(hook.id, hook.url) }, hook.url),
      h("span", { class: "soft" }, chip(state), ` ${hook.events.length} events`),
    );
  }

  /** @param {string} id @param {string} url */
  async open(id, url) {
    this._id = id;
    byId("deliveries").hidden = false;
    byId("deliveries-head").textContent = `Deliveries to ${url}`;
    replaceChildren(
      byId("hook-actions"),
      action("Refresh", () => this._deliveries()),
      action("Send a test", () => this._post("test", undefined)),
    );
    await this._deliveries();
    byId("deliveries-head").focus();
  }

  close() {
    byId("deliveries").hidden = true;
  }

  async _deliveries() {
    const { deliveries } = await this._api.call(`v1/webhooks/${this._id}/deliveries?limit=50`);
    const rows = deliveries.map((/** @type {any} */ one) => this._row(one));
    replaceChildren(byId("delivery-rows"), ...rows);
  }

  /** @param {Record<string, any>} delivery */
  _row(delivery) {
    const last = delivery.attempts[delivery.attempts.length - 1];
    const answer = last ? `${last.status ?? last.error ?? "–"} in ${last.latencyMs} ms` : "–";
    const next = delivery.nextAttemptAt ? h("span", { class: "soft" }, " next ", when(delivery.nextAttemptAt)) : "";
    const replay = action("Replay", () => this._post("replay", { deliveryId: delivery.id }));
    const attempts = h("span", {}, String(delivery.attempts.length), next);
    const cells = [delivery.type, chip(delivery.status), attempts, h("span", { title: last?.excerpt ?? null }, answer), when(delivery.createdAt), replay];
    return h("tr", {}, ...cells.map((cell) => h("td", {}, cell)));
  }

  /** @param {string} what @param {Record<string, any> | undefined} body */
  async _post(what, body) {
    try {
      await this._api.call(`v1/webhooks/${this._id}/${what}`, { method: "POST", body });
    } catch (error) {
      byId("live").textContent = told(error);
    }
    await this._deliveries();
  }
}
