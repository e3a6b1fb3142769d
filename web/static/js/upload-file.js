// Resumable tus upload of one file to one lesson. Continues after a lost connection, a server restart and a page
// reload, a full disk and a locked database; only the user or a refusal ends it.
import { defaultOptions, Upload } from "tus-js-client";
import { Rate } from "skillstudio/upload-rate.js";

const ENDPOINT = "/api/video/upload/tus";
const PART_BYTES = 50e6; // for each request: proxies limit bodies, and some buffer them whole
const WAIT_MS = [500, 1000, 2000, 4000, 8000]; // before each retry; the last value repeats
const STALL_MS = 60_000; // without progress before a retry; the system's own timeout can be 15 minutes

// States: queued, starting, sending, paused, waiting (for the connection), refused, done, cancelled.
export class FileUpload extends EventTarget {
  state = "queued";
  sent = 0;
  problem = "";
  #rate = new Rate();
  #attempts = 0;
  #furthest = 0; // bytes, over all attempts
  #timer;
  #watchdog;

  constructor(file) {
    super();
    this.file = file;
    this.tus = new Upload(file, {
      endpoint: ENDPOINT,
      chunkSize: PART_BYTES,
      retryDelays: null, // #scheduleRetry retries without limit
      fingerprint: async () => fingerprint(file),
      onAfterResponse: rejectRefusedHead,
      onProgress: (sent) => this.#progress(sent),
      onSuccess: () => this.#set("done", { sent: file.size }),
      onError: (error) => this.#failed(error),
    });
    addEventListener("online", this.#online);
    addEventListener("offline", this.#offline);
  }

  get size() {
    return this.file.size;
  }

  get rate() {
    return this.state === "sending" ? this.#rate.perSecond : null;
  }

  get secondsLeft() {
    return this.state === "sending" ? this.#rate.secondsFor(this.size - this.sent) : null;
  }

  get active() {
    return ["starting", "sending", "waiting"].includes(this.state);
  }

  // `previous`: entry from `findPrevious`, to resume that upload.
  start(lesson, previous) {
    this.lesson = lesson;
    this.tus.options.metadata = { lesson_id: lesson, filename: this.file.name, filetype: this.file.type };
    if (previous) this.tus.resumeFromPreviousUpload(previous);
    this.#set("starting");
    this.tus.start();
  }

  // Refusal before the first byte. `final`: a retry cannot help.
  refuse(problem, { final = false, signedOut = false } = {}) {
    this.#set("refused", { problem, final, signedOut });
  }

  async pause() {
    clearTimeout(this.#timer);
    this.#rate.restart();
    this.#set("paused");
    await this.tus.abort();
  }

  resume() {
    clearTimeout(this.#timer);
    this.#set(this.lesson ? "starting" : "queued", { problem: "", signedOut: false });
    if (this.lesson) this.tus.start();
  }

  // Discards the upload here and on the server; if it is done or cannot be resumed, only its entry.
  async cancel() {
    clearTimeout(this.#timer);
    const { state, final } = this;
    if (final) this.tus.url = null;
    this.#set("cancelled");
    if (state === "done" || final) return;
    try {
      await this.tus.abort(true);
    } catch {
      // The server keeps it like any interrupted upload until it expires.
      this.tus.url = null;
      this.dispatchEvent(new Event("change"));
    }
  }

  #progress(sent) {
    if (this.state === "paused") return; // bytes that were in flight when the upload was paused
    this.#rate.add(sent);
    if (sent > this.#furthest) this.#attempts = 0; // resent bytes do not prove that the connection is back
    this.#furthest = Math.max(sent, this.#furthest);
    this.#set("sending", { sent, problem: "" });
  }

  async #failed(error) {
    const response = error.originalResponse ?? error.causingError?.response;
    const status = response?.getStatus() ?? 0;
    const busy = [409, 423, 460].includes(status) || (status >= 500 && status !== 507);
    const full = status === 507 && this.tus.url !== null; // before the first byte it is a refusal: others may have room
    // 404 and 410: the server has deleted the upload. The next attempt finds out by HEAD and starts a new one.
    const gone = [404, 410].includes(status) && this.tus.url !== null;
    // A file that was deleted or changed fails like a lost connection.
    if (status === 0 && !(await readable(this.file))) {
      return this.#set("refused", { unreadable: true, final: true });
    }
    if (!this.active) return; // paused or cancelled in the meantime
    if (status === 0 || busy || gone) return this.#scheduleRetry({ held: busy });
    if (full) return this.#scheduleRetry({ held: true, problem: sentence(response.getBody()) });
    this.#rate.restart();
    this.#set("refused", { problem: sentence(response?.getBody()), signedOut: status === 401 });
  }

  // `held`: the server answers, and cannot take more for now.
  #scheduleRetry({ held = false, problem = "" } = {}) {
    clearTimeout(this.#timer);
    this.#rate.restart();
    this.#timer = setTimeout(() => this.#retry(), WAIT_MS[Math.min(this.#attempts, WAIT_MS.length - 1)]);
    this.#attempts += 1;
    this.#set("waiting", { held, problem });
  }

  #retry() {
    clearTimeout(this.#timer);
    this.#watch();
    this.tus.start();
  }

  #watch() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#abort(), STALL_MS);
  }

  #abort() {
    this.tus.abort();
    this.#scheduleRetry();
  }

  #online = () => this.state === "waiting" && this.#retry();
  #offline = () => ["starting", "sending"].includes(this.state) && this.#abort();

  #set(state, values = {}) {
    if (this.state === "cancelled" || (this.state === "done" && state !== "cancelled")) return;
    Object.assign(this, values, { state });
    clearTimeout(this.#watchdog);
    if (["starting", "sending"].includes(state)) this.#watch();
    if (["done", "cancelled"].includes(state)) {
      removeEventListener("online", this.#online);
      removeEventListener("offline", this.#offline);
    }
    this.dispatchEvent(new Event("change"));
  }
}

// tus-js-client takes every error response to HEAD for an upload that no longer exists and starts a new one. Only
// 404 and 410 mean that; after a 401 the user signs in and resumes, and server errors are retried.
function rejectRefusedHead(request, response) {
  const status = response.getStatus();
  const refused = status >= 400 && ![404, 410, 423].includes(status);
  if (request.getMethod() === "HEAD" && refused) throw Object.assign(new Error("refused"), { response });
}

// Earlier uploads of this file from this browser, newest first.
export async function findPrevious(file) {
  const found = await defaultOptions.urlStorage.findUploadsByFingerprint(fingerprint(file));
  return found.filter((entry) => entry.uploadUrl).sort((a, b) => b.creationTime.localeCompare(a.creationTime));
}

export function uploadId(previous) {
  return previous.uploadUrl.split("/").at(-1);
}

// File identity: name, type, size and modification time.
function fingerprint(file) {
  return `skillstudio-${file.name}-${file.type}-${file.size}-${file.lastModified}`;
}

async function readable(file) {
  return file.slice(0, 1).arrayBuffer().then(
    () => true,
    () => false,
  );
}

function sentence(body) {
  try {
    return JSON.parse(body).detail ?? "";
  } catch {
    return "";
  }
}
