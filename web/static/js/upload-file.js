// One file on its way to one lesson, over tus. It goes on after a lost connection, a restart of the
// server and a reload of the page; only a person or a refusal ends it.
import "tus-js-client";
import { Rate } from "skillstudio/upload-rate.js";

const ENDPOINT = "/api/video/upload/tus";
const PART_BYTES = 50e6; // a request each: proxies limit bodies, and some hold them back until they are whole
const WAIT_MS = [500, 1000, 2000, 4000, 8000]; // before each try to go on; the last one for good
const STALL_MS = 60_000; // without a byte, the line is taken for dead: the system alone may take a quarter of an hour

// States: queued, starting, sending, paused, waiting (for the connection), refused, done, cancelled.
export class FileUpload extends EventTarget {
  state = "queued";
  sent = 0;
  problem = "";
  #rate = new Rate();
  #tries = 0;
  #most = 0; // bytes, of all tries
  #timer;
  #watchdog;

  constructor(file) {
    super();
    this.file = file;
    this.tus = new tus.Upload(file, {
      endpoint: ENDPOINT,
      chunkSize: PART_BYTES,
      retryDelays: null, // #lost does it, without an end
      fingerprint: async () => fingerprint(file),
      onAfterResponse: keepUpload,
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

  // `previous` from `findPrevious`, to go on where it stopped.
  start(lesson, previous) {
    this.lesson = lesson;
    this.tus.options.metadata = { lesson_id: lesson, filename: this.file.name, filetype: this.file.type };
    if (previous) this.tus.resumeFromPreviousUpload(previous);
    this.#set("starting");
    this.tus.start();
  }

  // For what goes wrong before the first byte. `final`: trying again would not help.
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

  // What has arrived is thrown away here and on the server; of what is done or cannot go on, only the mention.
  async cancel() {
    clearTimeout(this.#timer);
    const { state, final } = this;
    if (final) this.tus.url = null;
    this.#set("cancelled");
    if (state === "done" || final) return;
    try {
      await this.tus.abort(true);
    } catch {
      // The server still has it, for some days: it is an upload like any other that was begun and left.
      this.tus.url = null;
      this.dispatchEvent(new Event("change"));
    }
  }

  #progress(sent) {
    if (this.state === "paused") return; // what was on its way when somebody pressed the button
    this.#rate.add(sent);
    if (sent > this.#most) this.#tries = 0; // the same bytes once more are no sign that the line is back
    this.#most = Math.max(sent, this.#most);
    this.#set("sending", { sent });
  }

  async #failed(error) {
    const response = error.originalResponse ?? error.causingError?.response;
    const status = response?.getStatus() ?? 0;
    const busy = [409, 423, 460].includes(status) || (status >= 500 && status !== 507);
    // 404 and 410: the server has let go of it. The next try asks, and begins anew.
    const gone = [404, 410].includes(status) && this.tus.url !== null;
    // A file that has gone or changed fails in the same way as the line.
    if (status === 0 && !(await readable(this.file))) {
      return this.#set("refused", { unreadable: true, final: true });
    }
    if (!this.active) return; // somebody pressed a button meanwhile
    if (status === 0 || busy || gone) return this.#lost();
    this.#rate.restart();
    this.#set("refused", { problem: sentence(response?.getBody()), signedOut: status === 401 });
  }

  #lost() {
    clearTimeout(this.#timer);
    this.#rate.restart();
    this.#timer = setTimeout(() => this.#again(), WAIT_MS[Math.min(this.#tries, WAIT_MS.length - 1)]);
    this.#tries += 1;
    this.#set("waiting");
  }

  #again() {
    clearTimeout(this.#timer);
    this.#watch();
    this.tus.start();
  }

  #watch() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#cut(), STALL_MS);
  }

  #cut() {
    this.tus.abort();
    this.#lost();
  }

  #online = () => this.state === "waiting" && this.#again();
  #offline = () => ["starting", "sending"].includes(this.state) && this.#cut();

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

// tus-js-client takes every refusal of a look, and every mishap of the server, for the end of an upload and
// begins anew. It has ended only where the server says so; whoever is signed out signs in and goes on.
function keepUpload(request, response) {
  const status = response.getStatus();
  const refused = status >= 400 && ![404, 410, 423].includes(status);
  if (request.getMethod() === "HEAD" && refused) throw Object.assign(new Error("refused"), { response });
}

// What this browser remembers of earlier tries with this very file, newest first.
export async function findPrevious(file) {
  const found = await tus.defaultOptions.urlStorage.findUploadsByFingerprint(fingerprint(file));
  return found.filter((entry) => entry.uploadUrl).sort((a, b) => b.creationTime.localeCompare(a.creationTime));
}

export function uploadId(previous) {
  return previous.uploadUrl.split("/").at(-1);
}

// The same name, size and time of change: the same file.
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
