/** @file The page's address: read once, then without the key. */

/** Parameters that only the page reads (CONTRACT.md, Options). */
export const LAYOUT = /** @type {const} */ ([
  "showUpload", "width", "height", "containerMinHeight", "containerMaxWidth", "containerMaxHeight",
  "objectFit", "uploadButtonPosition", "uploadAreaPadding", "uploadLabel", "isAndroid", "android",
]);
/** Parameters that say where the media is; they may bear a signature and go in a body alone. */
const MEDIA = ["videoSrc", "imageSrc"];

/**
 * @typedef {{token: string, shown: string, job: URLSearchParams, layout: Record<string, string>, lang: string,
 *   videoSrc: string, imageSrc: string}} Params `job`: what may be an option of the job,
 *   `shown`: the id of a job that there is
 */

/**
 * @param {string} search
 * @param {string} [hash] what no server sees: the console's token, and the job that it shows
 * @returns {Params}
 */
export function readParams(search, hash = "") {
  const given = new URLSearchParams(search.replace(/&amp;/g, "&")); // an address out of markup
  const unseen = new URLSearchParams(hash.slice(1));
  const job = new URLSearchParams();
  for (const [name, value] of given) {
    if (name !== "token" && !isLayout(name) && !MEDIA.includes(name)) job.append(name, value);
  }
  const [videoSrc, imageSrc] = MEDIA.map((name) => (given.get(name) ?? "").trim());
  if (!job.get("source") && (videoSrc || imageSrc)) job.set("source", videoSrc ? "video" : "image");
  return {
    token: (given.get("token") ?? unseen.get("token") ?? "").trim(),
    shown: unseen.get("job") ?? "",
    job,
    layout: Object.fromEntries(LAYOUT.map((name) => [name, given.get(name) ?? ""])),
    lang: given.get("language") || given.get("lang") || "",
    videoSrc,
    imageSrc,
  };
}

/** @param {string} name */
function isLayout(name) {
  return /** @type {readonly string[]} */ (LAYOUT).includes(name);
}

/**
 * The address to fetch the media from; the one that fits `source` where both are given.
 * @param {Params} params
 */
export function mediaUrl(params) {
  const image = params.job.get("source")?.toLowerCase() === "image";
  return (image ? params.imageSrc : params.videoSrc) || "";
}

/**
 * Takes the key out of the address bar, the history and whatever copies the address.
 * @param {Window} win
 */
export function hideToken(win) {
  const address = new URL(win.location.href);
  const unseen = address.hash.includes("token=");
  const names = ["token", "amp;token"].filter((name) => address.searchParams.has(name));
  if (!names.length && !unseen) return;
  for (const name of names) address.searchParams.delete(name);
  if (unseen) address.hash = "";
  win.history.replaceState(win.history.state, "", address);
}
