/** @file What a picture is, before it is shown and after it is gone: its size, and a still of it. */

/** A picture's size is waited for so long; a file that cannot be shown has none. */
const MEASURE_MS = 1500;
/** Longer side of a still. */
const STILL_PX = 480;

/**
 * Width over height and length of a video or photo, nulls where it cannot be shown: asked before
 * there is a place for it, so that the place has its shape from the start.
 * @param {string} url
 * @param {"video" | "image"} kind
 * @returns {Promise<{aspect: number | null, seconds: number | null}>}
 */
export function measure(url, kind) {
  return new Promise((resolve) => {
    const probe = /** @type {any} */ (kind === "video" ? document.createElement("video") : new Image());
    const end = () => {
      clearTimeout(timer);
      const [width, height] = [probe.videoWidth ?? probe.naturalWidth, probe.videoHeight ?? probe.naturalHeight];
      const seconds = probe.duration > 0 ? probe.duration : null;
      probe.onload = probe.onloadedmetadata = probe.onerror = null;
      probe.removeAttribute("src");
      resolve({ aspect: width > 0 && height > 0 ? width / height : null, seconds });
    };
    const timer = setTimeout(end, MEASURE_MS);
    probe.onload = probe.onloadedmetadata = probe.onerror = end;
    if (kind === "video") [probe.preload, probe.muted] = ["metadata", true];
    probe.src = url;
  });
}

/**
 * A small still of a video's first frame, once there is one; empty where it may not be read.
 * @param {HTMLVideoElement} video
 */
export async function stillOf(video) {
  if (video.readyState < 2) {
    await new Promise((resolve) => video.addEventListener("loadeddata", resolve, { once: true }));
  }
  const canvas = document.createElement("canvas");
  const scale = Math.min(1, STILL_PX / Math.max(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  try {
    return canvas.toDataURL("image/jpeg", 0.8);
  } catch {
    return ""; // another origin's
  }
}
