// The lecture's player: hls.js under media-chrome. The page says what to play in data-* attributes;
// while the lecture is still being encoded, the same answer is asked for again.
import "hls-video-element";
import "media-chrome";
import "media-chrome/menu";

const ASK_AGAIN_MS = 3000;
const ASK_FOR_THE_FIRST_MS = 500; // somebody looks at an empty picture
const HLS = {
  startPosition: 0, // a growing lecture starts at its beginning, not at its edge
  liveDurationInfinity: false,
  maxBufferLength: 30,
  backBufferLength: 60,
  workerPath: document.querySelector("[data-hls-worker]")?.dataset.hlsWorker,
};

class LecturePlayer {
  constructor(root) {
    this.root = root;
    this.controller = root.querySelector("media-controller");
    this.video = root.querySelector("hls-video");
    this.note = root.querySelector("[data-note]");
    this.texts = root.dataset;
    this.show(JSON.parse(root.dataset.playback));
    document.addEventListener("keydown", (event) => this.onKey(event));
  }

  show(playback) {
    this.playback = playback;
    this.root.dataset.state = playback.state;
    if (playback.hls_url && !this.source) this.load(playback.hls_url);
    if (playback.storyboard_url) this.addStoryboard(playback.storyboard_url);
    if (playback.poster_url) this.root.querySelector("media-poster-image")?.setAttribute("src", playback.poster_url);
    this.describe(playback);
    if (playback.state === "waiting") setTimeout(() => this.ask(), ASK_FOR_THE_FIRST_MS);
    if (playback.state === "growing") setTimeout(() => this.ask(), ASK_AGAIN_MS);
  }

  load(url, at = 0) {
    this.source = url;
    this.video.config = { ...HLS, startPosition: at };
    this.video.src = url;
    // The element makes its hls.js instance a microtask after `src` is set.
    setTimeout(() => {
      this.video.api?.on("hlsError", (_name, error) => this.onError(error));
      this.video.api?.on("hlsFragLoaded", () => this.found());
    });
  }

  // From here on, where we were.
  goOn(url) {
    const { currentTime, paused } = this.video;
    this.load(url, currentTime);
    if (!paused) this.video.play();
  }

  async ask() {
    try {
      const answer = await fetch(this.root.dataset.playbackUrl, { headers: { accept: "application/json" } });
      if (answer.ok) return this.show(await answer.json());
    } catch {
      // The network is away; what is buffered plays on, and we ask again.
    }
    setTimeout(() => this.ask(), ASK_AGAIN_MS);
  }

  // The addresses end some hours after the page was made: fetch new ones and go on where we were.
  async onError(error) {
    const status = error.response?.code;
    if (status !== 403 || this.refreshing) {
      if (error.fatal) this.recover(error);
      return;
    }
    this.refreshing = true;
    try {
      await this.refresh();
    } catch {
      // The network went in the same moment: the next look may find it back.
      this.lost(() => this.onError(error));
    } finally {
      this.refreshing = false;
    }
  }

  async refresh() {
    const answer = await fetch(this.root.dataset.playbackUrl, { headers: { accept: "application/json" } });
    if (!answer.ok) return this.say(this.texts.textGone);
    this.playback = await answer.json();
    this.goOn(this.playback.hls_url);
  }

  recover(error) {
    if (error.type === "mediaError") return this.video.api.recoverMediaError();
    if (error.type !== "networkError") return;
    const begun = this.video.api?.levels?.length; // without a master playlist there is nothing to start
    this.lost(() => (begun ? this.video.api?.startLoad() : this.goOn(this.source)));
  }

  lost(tryAgain) {
    this.offline = true;
    this.say(this.texts.textOffline);
    setTimeout(tryAgain, ASK_AGAIN_MS);
  }

  found() {
    if (!this.offline) return;
    this.offline = false;
    this.describe(this.playback);
  }

  addStoryboard(url) {
    if (this.video.querySelector("track[label=thumbnails]")) return;
    const track = Object.assign(document.createElement("track"), { kind: "metadata", label: "thumbnails", default: true, src: url });
    this.video.append(track);
  }

  describe({ state, playable_seconds, duration_seconds, progress }) {
    if (state === "waiting") this.say(this.texts.textWaiting, progress);
    else if (state === "growing") {
      const text = this.texts.textGrowing.replace("{ready}", clock(playable_seconds)).replace("{total}", clock(duration_seconds));
      this.say(text, progress);
    } else if (state === "ready") this.say("");
  }

  say(text, progress) {
    if (!this.note) return;
    this.note.hidden = !text;
    this.note.querySelector("[data-note-text]").textContent = text;
    const bar = this.note.querySelector("progress");
    bar.hidden = progress === undefined;
    if (progress !== undefined) bar.value = progress;
  }

  // The usual keys work wherever the focus is, unless somebody is typing or on a control.
  onKey(event) {
    const busy = event.target.closest?.("input, textarea, select, button, a, [contenteditable], media-controller");
    if (busy || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    this.controller.keyboardShortcutHandler(event);
  }
}

function clock(seconds) {
  const whole = Math.floor(seconds ?? 0);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [hours, minutes, rest] = parts.map((part) => String(part).padStart(2, "0"));
  return parts[0] ? `${parts[0]}:${minutes}:${rest}` : `${Number(minutes)}:${rest}`;
}

for (const root of document.querySelectorAll("[data-lecture-player]")) new LecturePlayer(root);
