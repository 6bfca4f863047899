/**
 * A client of PoseQueue for Node 20 or newer, Deno, Bun and browsers: one file, no dependencies.
 *
 *   const queue = new PoseQueue("https://pose.example.com", "pq_…");
 *   const job = await queue.submit(await queue.upload(file, "clip.mp4"), { exercise: "squat" });
 *   for await (const { message } of queue.follow(job.id)) {
 *     if (message.type === "counter") console.log(message.current_count);
 *   }
 *
 * Requests are sent again where that is safe: what reads, and what bears an Idempotency-Key, which
 * `submit` makes by itself. Refusals are thrown as `Refused`.
 */

// <generated>
/** An exported file; its URL is signed when the job is read. `audio` is false where it lacks the source's sound; `audioLoss` says why. */
export type ExportView = {
  kind: string;
  url: string;
  mimeType: string;
  bytes: number;
  expiresAt: string;
  audio?: boolean | null;
  audioLoss?: "unsupported_codec" | "damaged" | null;
};

/** The media of a job: exactly one of `uploadId` and `url`. */
export type InputRef = {
  uploadId?: string | null;
  url?: string | null;
};

/** Options of a job under their names in a request. `exercise` is a catalogue id or AUTO; `subject` is one of SUBJECTS, or a point "x,y" (0-1) on the person in the first picture that shows them; `sampling` says how many frames a second are analysed: "auto" is as many as the exercise asks for and all where joints are sent, "native" all of them. */
export type JobOptions = {
  source?: "image" | "video";
  exercise?: string | null;
  reference?: string | null;
  minGrade?: "A" | "B" | "C" | "D" | "F" | null;
  keypoints?: boolean;
  angles?: boolean;
  progression?: boolean;
  recommendations?: boolean;
  export?: boolean | Array<"keypoints" | "poster" | "report" | "video">;
  blazepose?: boolean;
  skeleton?: boolean;
  blurFaces?: boolean;
  subject?: string;
  poseBackend?: "wasm" | "webgl" | null;
  profile?: "accurate" | "balanced" | "fast" | null;
  sampling?: string | null;
  userHeightCm?: number | null;
  devicePitchDeg?: number | null;
  difficulty?: "easy" | "normal" | "pro";
  language?: "de" | "en" | "es" | "fr" | "pt";
  firehose?: "all" | "events" | "none";
};

/** State of a job; the last three are final. */
export type JobStatus = "queued" | "running" | "succeeded" | "failed" | "canceled";

/** A job. */
export type JobView = {
  id: string;
  status: JobStatus;
  progress: number;
  exportProgress?: number | null;
  attempt: number;
  queuePosition?: number | null;
  estimatedStartAt?: string | null;
  source: "video" | "image";
  options: Record<string, unknown>;
  metadata: Record<string, unknown>;
  batchId?: string | null;
  createdAt: string;
  startedAt?: string | null;
  finishedAt?: string | null;
  deadlineAt?: string | null;
  media?: MediaView | null;
  result?: ResultView | null;
  exports: Array<ExportView>;
  error?: Record<string, unknown> | null;
  warnings?: Array<"truncated" | "second_track" | "low_frame_rate" | "audio_lost" | "turned" | "slow_motion" | "hips_disagree" | "damaged" | "colour_lost" | "queue_without_workers">;
  usage: UsageView;
  links: Record<string, string>;
};

/** A receiver of one job's events; `POST /webhooks/{id}/rotate` returns its signing secret. */
export type JobWebhookRef = {
  url: string;
  events?: Array<string>;
};

/** Properties of a job's media. */
export type MediaView = {
  durationMs: number;
  width: number;
  height: number;
  fps: number;
  frames: number | null;
  codec: string;
  rotation: number;
};

/** A new job. */
export type NewJob = {
  input: InputRef;
  options?: JobOptions;
  metadata?: Record<string, unknown>;
  priority?: "low" | "normal" | "high";
  deadlineSeconds?: number | null;
  webhook?: JobWebhookRef | null;
  retention?: Retention;
};

/** The totals of a finished job; `seconds` only for timed holds. */
export type ResultView = {
  count: number;
  seconds?: number | null;
  avgScore: number | null;
  grade: string | null;
  personFrames: number;
  frames: number;
};

/** What is kept of a job, apart from the retention of its plan. */
export type Retention = {
  upload?: "plan" | "none";
};

/** A new upload: PUT the bytes to `url`, or in pieces of `partBytes` to the URLs of `parts`. */
export type UploadView = {
  id: string;
  method: "PUT";
  url?: string | null;
  headers?: Record<string, string> | null;
  partBytes?: number | null;
  parts?: Array<Record<string, unknown>> | null;
  expiresAt: string;
};

/** Media and compute seconds that a job used. */
export type UsageView = {
  mediaSeconds: number;
  computeSeconds: number;
};

/** The joint angles of one frame. */
export type Angles = {
  type: "angles";
  timestampMs: number;
  frameId: number;
  data: JointAngles;
  angles: Record<string, number>;
};

/** Reps, or whole seconds held, so far; once more with `final` at the end. */
export type Counter = {
  type: "counter";
  current_count: number;
  final?: boolean;
  form_score?: FormScore | null;
  reference_score?: ReferenceScore | null;
  timestampMs?: number | null;
};

/** One criterion of a rep's form (a PoseQueue extension). `judged` is false where the view or the joints do not show it; then it has no `value` and no `score`. `unit` of the value: deg (degrees), ratio (of two lengths or times) or share (1 is all of it); `score` is 0-100. Set only where the form could be better: `joints`, those to look at (COCO names without the side), and `atMs`, the media time of the rep's turning point. */
export type CriterionScore = {
  name: string;
  judged: boolean;
  unit: "deg" | "ratio" | "share";
  value?: number | null;
  score?: number | null;
  joints?: Array<string>;
  atMs?: number | null;
};

/** The end of the stream; `messages` is the number of messages before it. */
export type Done = {
  type: "done";
  status: "canceled" | "failed" | "succeeded";
  messages: number;
  error?: Record<string, unknown> | null;
};

/** Angle at the elbow, as `KneeAngle`. */
export type ElbowAngle = {
  from_shoulder_to_wrist: number;
  score_from_shoulder_to_wrist: number;
};

/** What the models run on: `webgl` means inference on a GPU, `wasm` on a CPU; `warnings` are codes of wishes that could not be met. */
export type EnvironmentMessage = {
  type: "environment";
  poseBackend: "wasm" | "webgl";
  webgl: boolean;
  executionProvider: string;
  device: string;
  model: string;
  warnings?: Array<ErrorCode> | null;
};

/** Codes of the `error` message and of problem+json answers. */
export type ErrorCode = "backend_fallback_cpu" | "canceled" | "deadline_exceeded" | "developer_features_not_allowed" | "image_load_error" | "internal" | "invalid_exercise" | "invalid_parameter" | "invalid_token" | "jump_analysis_missing_height" | "media_decode_error" | "media_too_large" | "media_unsupported" | "missing_token" | "no_person_detected" | "quota_exceeded" | "reference_not_found" | "video_load_error" | "worker_lost";

/** A failure; it ends the job unless its code is one of the warnings. */
export type ErrorMessage = {
  type: "error";
  code: ErrorCode;
  message: string;
  details?: Record<string, unknown> | null;
  error: ErrorCode;
};

/** The whole exercise: totals and every attempted rep; `exercise` is empty where none was asked for, `people` the most that were seen at once, `recognised` what `exercise=auto` saw, the likeliest first. */
export type ExerciseSummary = {
  type: "exercise_summary";
  exercise: string;
  counter: number;
  avg_rep_score: number;
  avg_similarity: number | null;
  grade: "A" | "B" | "C" | "D" | "F" | null;
  durationMs: number;
  history: Array<Rep>;
  people?: number;
  warnings?: Array<"audio_lost" | "colour_lost" | "damaged" | "hips_disagree" | "low_frame_rate" | "second_track" | "slow_motion" | "truncated" | "turned">;
  recognised?: Array<Recognised>;
  current_count: number;
  ready: true;
};

/** A finished export behind a presigned GET URL; `audio` is false where it lacks the source's sound, and `audioLoss` says why. */
export type ExportReady = {
  type: "export_ready";
  url: string;
  mimeType: string;
  kind: string;
  bytes: number;
  expiresAt: string;
  audio?: boolean | null;
  audioLoss?: "damaged" | "unsupported_codec" | null;
};

/** Form score of one rep, and the mean over all counted reps, 0-100; `criteria` (a PoseQueue extension) are those of the rep. */
export type FormScore = {
  score: number;
  avg_score: number;
  grade: "A" | "B" | "C" | "D" | "F";
  criteria?: Array<CriterionScore> | null;
};

/** Form score, 0-100, while a rep is in progress; `counter.form_score` is authoritative. */
export type FormScoreMessage = {
  type: "form_score";
  score: number;
  avg_score: number;
  grade: "A" | "B" | "C" | "D" | "F";
  current_count?: number | null;
};

/** Angle at the hip, as `KneeAngle`. */
export type HipAngle = {
  from_knee_to_shoulder: number;
  score_from_knee_to_shoulder: number;
};

/** The image with its overlay; a claim check has no `dataUrl` but `url` and `bytes`. */
export type ImageOverlay = {
  type: "image_overlay";
  dataUrl?: string | null;
  url?: string | null;
  bytes?: number | null;
};

/** Loading, then `ready`; `progress` is the share of the media that is analysed, 0-1. */
export type Initialization = {
  type: "initialization";
  message: string;
  ready: boolean;
  source: "image" | "video";
  progress?: number | null;
};

/** Joint angles of one frame. */
export type JointAngles = {
  left_side: SideAngles;
  right_side: SideAngles;
};

/** One accepted jump; height in cm, `plusMinusCm` and `reason` as in `jump_height`. */
export type Jump = {
  jumpNumber: number;
  jumpHeightCm: number | null;
  airTimeMs?: number | null;
  airTimeSeconds?: number | null;
  plusMinusCm?: number | null;
  reason?: string | null;
};

/** Scale of the picture by the user's height; `baselineY` in pixels of the upright frame, y down. */
export type JumpCalibration = {
  type: "jump_calibration";
  calibrated: boolean;
  cmPerPixel: number | null;
  baselineY: number | null;
  visibleHips: VisibleHips;
  message: string;
};

/** A jump that is not counted, and why. */
export type JumpDiscarded = {
  type: "jump_discarded";
  reason: string;
  userMessage: string;
};

/** Height in cm during and at the end of a jump; the final one has the jump's number, from 1. For `air_time_jump` it is that of the flight, g t^2 / 8 of the air time as a jump mat computes it; for `jump_analysis` the rise of the hips over the standing pose. 95 % of its errors are within `plusMinusCm`. It is null in slow motion whose capture rate is unknown. `reason` says why it is null, or why it is that of the flight alone: `slow_motion`, `not_calibrated` (no standing pose was seen), `hips_disagree` (the rise in the picture does not fit the flight: the given body height is wrong, or the camera is pitched). */
export type JumpHeight = {
  type: "jump_height";
  jumpHeightCm: number | null;
  measuring: boolean;
  landed: boolean;
  final?: boolean;
  baselineY?: number | null;
  minY?: number | null;
  deltaPixels?: number | null;
  sideUsed?: string | null;
  airTimeMs?: number | null;
  airTimeSeconds?: number | null;
  visibleHips?: VisibleHips | null;
  jumpNumber?: number | null;
  plusMinusCm?: number | null;
  reason?: string | null;
};

export type JumpResult = {
  type: "jump_result";
  jumpNumber?: number | null;
  jumpHeightCm: number | null;
  airTimeMs?: number | null;
  airTimeSeconds?: number | null;
  baselineY?: number | null;
  minY?: number | null;
  deltaPixels?: number | null;
  sideUsed?: string | null;
  visibleHips?: VisibleHips | null;
};

/** A take-off was seen. */
export type JumpStarted = {
  type: "jump_started";
  message: string;
  timestampMs: number;
};

/** All accepted jumps; heights in cm, 0 where none has one. */
export type JumpSummary = {
  type: "jump_summary";
  totalJumps: number;
  avgJumpHeight: number;
  maxJumpHeight: number;
  minJumpHeight: number;
  jumps: Array<Jump>;
  avgAirTimeSeconds?: number | null;
};

/** One joint: `x` and `y` as 0-1 of the upright frame; `z` in widths of the frame from the middle of the hips, smaller is nearer, 0 where the model has none; `score` 0-1. */
export type Keypoint = {
  name: string;
  x: number;
  y: number;
  z: number;
  score: number;
};

/** The pose of one frame. */
export type Keypoints = {
  type: "keypoints";
  timestampMs: number;
  frameId: number;
  score: number;
  keypoints: Array<Keypoint>;
  world?: Array<[number, number, number]> | null;
  data: Array<Keypoint>;
};

/** All poses of a video, sampled at `fps`; a claim check has no `frames` but `url` and `bytes`. */
export type KeypointsBatch = {
  type: "keypoints_batch";
  fps: number;
  frames?: Array<PoseSample> | null;
  url?: string | null;
  bytes?: number | null;
};

/** Angle at the knee in degrees, 180 where straight; its score is the lowest of the three joints', 0-1. */
export type KneeAngle = {
  from_hip_to_ankle: number;
  score_from_hip_to_ankle: number;
};

/** The pose of one frame in a `keypoints_batch`. */
export type PoseSample = {
  timestampMs: number;
  frameId: number;
  score: number;
  keypoints: Array<Keypoint>;
  world?: Array<[number, number, number]> | null;
};

/** Guidance on where to stand; `requirements` names what is still missing. */
export type Posture = {
  type: "posture";
  message: string;
  direction: "backward" | "face-camera" | "forward" | "in-frame" | "left" | "profile-camera" | "right";
  ready: boolean;
  requirements: Array<string>;
  placementMessage: string;
  postureDirection: "backward" | "face-camera" | "forward" | "in-frame" | "left" | "profile-camera" | "right";
  missingKeypoints: Array<string>;
};

/** Progress within the current rep or hold, 0-100. */
export type Progression = {
  type: "progression";
  value: number;
  current_count?: number | null;
};

/** Ours: an exercise that was looked for, and how well it explains what is seen, 0-1. */
export type Recognised = {
  exercise: string;
  score: number;
};

/** The current advice: sentences and their stable codes, in the same order. */
export type Recommendations = {
  type: "recommendations";
  data: Array<string>;
  codes: Array<string>;
  message: string;
};

/** Similarity to a reference movement, 0-1 each. */
export type ReferenceScore = {
  overallScore: number;
  poseScore: number;
  timingScore: number;
  movementScore: number;
  grade: "A" | "B" | "C" | "D" | "F";
  nccScore: number;
  dtwScore: number;
  distScore: number;
};

/** One attempted rep, in ms of media time. `criteria` (a PoseQueue extension) are the parts of its form score; beside a reference those of its likeness, and behind them what is judged of the exercise that the reference shows, where that was recognised. A rep that is not counted has a `reason`. */
export type Rep = {
  index: number;
  startMs: number;
  endMs: number;
  durationMs: number;
  formScore: number;
  grade: "A" | "B" | "C" | "D" | "F";
  counted: boolean;
  reason?: "below_min_grade" | "cut_off" | "incomplete" | "not_tracked" | "other_movement" | "too_shallow" | null;
  referenceScore?: ReferenceScore | null;
  criteria?: Array<CriterionScore> | null;
};

/** Angle at the shoulder, as `KneeAngle`. */
export type ShoulderAngle = {
  from_hip_to_elbow: number;
  score_from_hip_to_elbow: number;
};

/** Joint angles of one side of the body. */
export type SideAngles = {
  knee_angle: KneeAngle;
  hip_angle: HipAngle;
  shoulder_angle: ShoulderAngle;
  elbow_angle: ElbowAngle;
};

/** Which hips were seen with a score over 0.5. */
export type VisibleHips = {
  left: boolean;
  right: boolean;
};

/** A message of a job, as the superset edition has it. */
export type Message = Initialization | EnvironmentMessage | ErrorMessage | Posture | Counter | FormScoreMessage | Progression | Recommendations | Keypoints | Angles | ExerciseSummary | KeypointsBatch | ExportReady | ImageOverlay | JumpCalibration | JumpStarted | JumpHeight | JumpDiscarded | JumpSummary | Done | JumpResult;

const TYPES: Record<string, string> = {
  "3g2": "video/3gpp2",
  "3gp": "video/3gpp",
  "asf": "video/x-ms-asf",
  "avi": "video/x-msvideo",
  "dv": "video/x-dv",
  "flv": "video/x-flv",
  "m2ts": "video/mp2t",
  "m4v": "video/mp4",
  "mkv": "video/x-matroska",
  "mov": "video/quicktime",
  "mp4": "video/mp4",
  "mpeg": "video/mpeg",
  "mpg": "video/mpeg",
  "mts": "video/mp2t",
  "mxf": "application/mxf",
  "ogv": "video/ogg",
  "qt": "video/quicktime",
  "ts": "video/mp2t",
  "vob": "video/mpeg",
  "webm": "video/webm",
  "wmv": "video/x-ms-wmv",
  "avif": "image/avif",
  "bmp": "image/bmp",
  "dng": "image/x-adobe-dng",
  "gif": "image/gif",
  "heic": "image/heic",
  "heif": "image/heif",
  "jpeg": "image/jpeg",
  "jpg": "image/jpeg",
  "jxl": "image/jxl",
  "png": "image/png",
  "tif": "image/tiff",
  "tiff": "image/tiff",
  "webp": "image/webp",
  "jsonl": "application/x-ndjson",
  "ndjson": "application/x-ndjson",
};

const OTHER_NAMES: Record<string, string> = {
  "application/mp4": "video/mp4",
  "application/ogg": "video/ogg",
  "application/x-matroska": "video/x-matroska",
  "application/vnd.ms-asf": "video/x-ms-asf",
  "audio/3gpp": "video/3gpp",
  "audio/3gpp2": "video/3gpp2",
  "audio/mp4": "video/mp4",
  "audio/webm": "video/webm",
  "model/vnd.mts": "video/mp2t",
  "text/vnd.trolltech.linguist": "video/mp2t",
};
// </generated>

/** A message and its place: resume behind `id`. Of several with one id all but the last lack it. */
export interface Entry {
  id: string;
  message: Message;
}

/** An answer that is a refusal: RFC 9457 with a code of the contract. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Record<string, unknown>;
  /** Seconds until another try, where the server says so. */
  readonly retryAfter: number | null;

  constructor(status: number, problem: Record<string, unknown>, retryAfter: number | null) {
    super(`${problem.code ?? status}: ${problem.detail ?? problem.title ?? ""}`);
    this.name = "Refused";
    this.status = status;
    this.code = String(problem.code ?? "unknown");
    this.details = (problem.details ?? {}) as Record<string, unknown>;
    this.retryAfter = retryAfter;
  }
}

/** A webhook's request does not bear a signature of ours, or is too old. */
export class WrongSignature extends Error {}

const TRIES = 5;
const BREAKS = 10;
const PAUSE_MS = 250;
const MOST_PAUSE_MS = 30_000;
/** Three heartbeats of the server without a byte. */
const SILENCE_MS = 45_000;
const PASSING = [429, 502, 503, 504];

type Fetch = typeof globalThis.fetch;
type Json = Record<string, unknown>;
interface Call {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  again?: boolean;
  signal?: AbortSignal;
}

/** The type to upload a file under: as its system says, else as its name does. */
export function mediaType(name: string, given = ""): string {
  const plain = given.split(";")[0].trim().toLowerCase();
  const known = OTHER_NAMES[plain] ?? plain;
  if (/^(video|image)\/[a-z0-9_.+-]+$/.test(known)) return known;
  return TYPES[name.toLowerCase().split(".").pop() ?? ""] ?? "application/octet-stream";
}

/** One system and one key. */
export class PoseQueue {
  readonly #base: string;
  readonly #key: string;
  readonly #fetch: Fetch;

  constructor(server: string, key: string, tools: { fetch?: Fetch } = {}) {
    this.#base = `${server.replace(/\/+$/, "")}/v1`;
    this.#key = key;
    this.#fetch = tools.fetch ?? globalThis.fetch.bind(globalThis);
  }

  /** Uploads a file, in parts where it is large; gives the upload's id. */
  async upload(file: Blob, name = "file", how: { type?: string; signal?: AbortSignal } = {}): Promise<string> {
    const { signal } = how;
    const contentType = mediaType(name, how.type ?? file.type);
    const body = { filename: name, contentType, bytes: file.size };
    const place = (await this.call("/uploads", { method: "POST", body, again: true, signal })) as UploadView;
    if (place.url) {
      await this.#put(place.url, file, place.headers ?? {}, signal);
      return place.id;
    }
    const parts: { number: number; etag: string }[] = [];
    const bytes = place.partBytes ?? file.size;
    for (const { number, url } of (place.parts ?? []) as { number: number; url: string }[]) {
      const piece = file.slice((number - 1) * bytes, number * bytes);
      parts.push({ number, etag: await this.#put(url, piece, {}, signal) });
    }
    await this.call(`/uploads/${place.id}/complete`, { method: "POST", body: { parts }, again: true, signal });
    return place.id;
  }

  /** A new job on an upload's id, a URL or a whole `input`; `more` is what else `POST /jobs` takes. */
  async submit(
    input: string | InputRef,
    options: Partial<JobOptions> = {},
    more: Partial<Omit<NewJob, "input" | "options">> & { key?: string; signal?: AbortSignal } = {},
  ): Promise<JobView> {
    const { key = crypto.randomUUID(), signal, ...rest } = more;
    const given = typeof input !== "string" ? input : input.includes("://") ? { url: input } : { uploadId: input };
    const body = { input: given, options, ...rest };
    const headers = { "Idempotency-Key": key };
    return (await this.call("/jobs", { method: "POST", body, headers, again: true, signal })) as JobView;
  }

  async job(id: string): Promise<JobView> {
    return (await this.call(`/jobs/${id}`)) as JobView;
  }

  async cancel(id: string): Promise<JobView> {
    return (await this.call(`/jobs/${id}/cancel`, { method: "POST", again: true })) as JobView;
  }

  /** Erases everything of the job, its upload too. */
  async erase(id: string): Promise<void> {
    await this.call(`/jobs/${id}`, { method: "DELETE" });
  }

  /** A new job over the poses of one that succeeded, with other options. */
  async analyze(id: string, options: Partial<JobOptions>): Promise<JobView> {
    return (await this.call(`/jobs/${id}/analyze`, { method: "POST", body: { options } })) as JobView;
  }

  /** A page of messages; go on with `after` = `next`, null after the end. */
  async messages(
    id: string,
    how: { after?: string; limit?: number; types?: string; edition?: string } = {},
  ): Promise<{ messages: Entry[]; next: string | null }> {
    const given = Object.entries({ edition: "superset", ...how }).map(([name, value]) => [name, String(value)]);
    const page = await this.call(`/jobs/${id}/messages?${new URLSearchParams(given)}`);
    return page as { messages: Entry[]; next: string | null };
  }

  /** Messages as they come, each once and in order, to `done`, across broken connections. */
  async *follow(
    id: string,
    how: { after?: string; edition?: string; signal?: AbortSignal } = {},
  ): AsyncGenerator<Entry> {
    let last = how.after ?? "0-0";
    for (let broken = 0; ; broken += 1) {
      try {
        for await (const group of this.#listen(id, how.edition ?? "superset", last, how.signal)) {
          for (const entry of group) {
            yield entry;
            if (entry.message.type === "done") return;
          }
          [last, broken] = [group[group.length - 1].id, 0];
        }
      } catch (error) {
        if (how.signal?.aborted) throw how.signal.reason;
        if (error instanceof Refused && !PASSING.includes(error.status)) throw error;
        if (broken >= BREAKS) throw error;
      }
      await sleep(PAUSE_MS * 2 ** Math.min(broken, 6), how.signal);
    }
  }

  /** Any other call of the API by its path below /v1; its JSON, null where there is none. */
  async call(path: string, request: Call = {}): Promise<unknown> {
    const again = request.again ?? ["GET", "PUT", "DELETE"].includes(request.method ?? "GET");
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await this.#open(path, request);
        return response.status === 204 ? null : await response.json();
      } catch (error) {
        const passes = error instanceof Refused ? PASSING.includes(error.status) : !request.signal?.aborted;
        if (!again || !passes || attempt >= TRIES) throw error;
        const told = error instanceof Refused && error.retryAfter !== null ? error.retryAfter * 1000 : 0;
        const pause = told || PAUSE_MS * 2 ** attempt * (0.5 + Math.random());
        await sleep(Math.min(pause, MOST_PAUSE_MS), request.signal);
      }
    }
  }

  async #open(path: string, { method = "GET", body, headers = {}, signal }: Call): Promise<Response> {
    const sent: Record<string, string> = { Authorization: `Bearer ${this.#key}`, ...headers };
    if (body !== undefined) sent["Content-Type"] = "application/json";
    const text = body === undefined ? undefined : JSON.stringify(body);
    const response = await this.#fetch(this.#base + path, { method, headers: sent, body: text, signal });
    if (!response.ok) throw await refusalOf(response);
    return response;
  }

  /** One PUT to the object store, sent again while the connection is at fault; gives its ETag. */
  async #put(url: string, piece: Blob, headers: Record<string, string>, signal?: AbortSignal): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        // the address bears its own signature: the key is not for the object store
        const response = await this.#fetch(url, { method: "PUT", body: piece, headers, signal });
        if (response.ok) return response.headers.get("ETag") ?? "";
        throw new Refused(response.status, { detail: `the store answered ${response.status}` }, null);
      } catch (error) {
        const passes = error instanceof Refused ? error.status >= 500 : !signal?.aborted;
        if (!passes || attempt >= TRIES) throw error;
        await sleep(PAUSE_MS * 2 ** attempt, signal);
      }
    }
  }

  /** One connection's entries: those that share an id together, for all of them resume behind it. */
  async *#listen(id: string, edition: string, last: string, signal?: AbortSignal): AsyncGenerator<Entry[]> {
    const breaker = new AbortController();
    const stop = () => breaker.abort(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    let timer = setTimeout(() => breaker.abort(), SILENCE_MS);
    try {
      const headers = { Accept: "text/event-stream", "Last-Event-ID": last };
      const path = `/jobs/${id}/messages?edition=${edition}`;
      const response = await this.#open(path, { headers, signal: breaker.signal });
      if (response.status === 204 || !response.body) throw new Error("there is nothing behind that place");
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      let group: Message[] = [];
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(timer);
        timer = setTimeout(() => breaker.abort(), SILENCE_MS);
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop() ?? "";
        for (const block of blocks) {
          const lines = block.split("\n");
          const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5));
          if (data.length) group.push(JSON.parse(data.join("\n")) as Message);
          const place = lines.find((line) => line.startsWith("id:"))?.slice(3).trim();
          if (!place) continue;
          yield group.map((message) => ({ id: place, message }));
          group = [];
        }
      }
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      breaker.abort();
    }
  }
}

/**
 * The event of a webhook's request that bears our signature (Standard Webhooks 1.0); throws
 * WrongSignature. `secret` begins with `whsec_`, `body` is what came, not what was parsed of it.
 */
export async function verifyWebhook(
  secret: string,
  headers: Headers | Record<string, string | undefined>,
  body: string,
  toleranceSeconds = 300,
): Promise<{ type: string; timestamp: string; data: Json }> {
  const known = headers instanceof Headers ? headers : new Headers(clean(headers));
  const [id, time, signatures] = ["id", "timestamp", "signature"].map((name) => known.get(`webhook-${name}`));
  if (!id || !time || !signatures) throw new WrongSignature("a header is missing");
  const age = Math.abs(Date.now() / 1000 - Number(time));
  if (!(age <= toleranceSeconds)) throw new WrongSignature("it is too old, or from the future");
  const key = await crypto.subtle.importKey(
    "raw", bytesOf(secret.replace(/^whsec_/, "")), { name: "HMAC", hash: "SHA-256" }, false, ["verify"],
  );
  const signed = new TextEncoder().encode(`${id}.${time}.${body}`);
  for (const signature of signatures.split(" ")) {
    const [version, value] = signature.split(",");
    if (version !== "v1" || !value) continue;
    if (await crypto.subtle.verify("HMAC", key, bytesOf(value), signed)) return JSON.parse(body);
  }
  throw new WrongSignature("no signature fits");
}

function clean(headers: Record<string, string | undefined>): Record<string, string> {
  const given = Object.entries(headers).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return Object.fromEntries(given);
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

async function refusalOf(response: Response): Promise<Refused> {
  let problem: Json = {};
  try {
    problem = (await response.json()) as Json;
  } catch {
    // a proxy's own page
  }
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new Refused(response.status, problem, Number.isFinite(seconds) ? seconds : null);
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
