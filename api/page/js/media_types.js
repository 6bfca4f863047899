/** @file Types of media by the ending of a name: the page's copy of api/client/media_types.py. */

/** @type {Record<string, string>} */
export const BY_ENDING = {
  "3g2": "video/3gpp2", "3gp": "video/3gpp", asf: "video/x-ms-asf", avi: "video/x-msvideo",
  dv: "video/x-dv", flv: "video/x-flv", m2ts: "video/mp2t", m4v: "video/mp4",
  mkv: "video/x-matroska", mov: "video/quicktime", mp4: "video/mp4", mpeg: "video/mpeg",
  mpg: "video/mpeg", mts: "video/mp2t", mxf: "application/mxf", ogv: "video/ogg",
  qt: "video/quicktime", ts: "video/mp2t", vob: "video/mpeg", webm: "video/webm",
  wmv: "video/x-ms-wmv", avif: "image/avif", bmp: "image/bmp", dng: "image/x-adobe-dng",
  gif: "image/gif", heic: "image/heic", heif: "image/heif", jpeg: "image/jpeg", jpg: "image/jpeg",
  jxl: "image/jxl", png: "image/png", tif: "image/tiff", tiff: "image/tiff", webp: "image/webp",
  jsonl: "application/x-ndjson", ndjson: "application/x-ndjson",
};

/** @type {Record<string, string>} what systems call a container that may hold sound alone */
export const OTHER_NAMES = {
  "application/mp4": "video/mp4", "application/ogg": "video/ogg",
  "application/x-matroska": "video/x-matroska", "application/vnd.ms-asf": "video/x-ms-asf",
  "audio/3gpp": "video/3gpp", "audio/3gpp2": "video/3gpp2", "audio/mp4": "video/mp4",
  "audio/webm": "video/webm", "model/vnd.mts": "video/mp2t",
  "text/vnd.trolltech.linguist": "video/mp2t",
};

/** What the server looks into by itself. */
const OCTETS = "application/octet-stream";

/**
 * The type of a file: as the system says, without parameters and capitals, else as its name does.
 * @param {{type: string, name: string}} file
 */
export function typeOf(file) {
  const given = file.type.split(";")[0].trim().toLowerCase();
  const plain = OTHER_NAMES[given] ?? given;
  if (/^(video|image)\/[a-z0-9_.+-]+$/.test(plain)) return plain;
  const ending = file.name.toLowerCase().split(".").pop() ?? "";
  return BY_ENDING[ending] ?? OCTETS;
}

/**
 * What a file input may offer: systems do not know every ending as a video or an image.
 * @param {"video" | "image"} kind
 */
export function accepted(kind) {
  const own = Object.entries(BY_ENDING).filter(([, type]) => type.startsWith(kind));
  return [`${kind}/*`, ...own.map(([ending]) => `.${ending}`)].join(",");
}
