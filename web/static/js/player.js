// Lecture player: hls.js under media-chrome. The page passes the playback document in data-* attributes; while
// the lecture is still being encoded, the document is polled.
import "skillstudio/page.js";
import "skillstudio/player-language.js";
import "hls-video-element";
import "media-chrome";
import "media-chrome/menu";
import { refresh } from "skillstudio/refresh.js";
import { Watch } from "skillstudio/watch.js";

const POLL_MS = 3000;
const POLL_WAITING_MS = 500; // the player is still empty
const REFRESH_MIN_MS = 10000; // between two requests for new addresses, if the new ones fail too
const ACCESS_LOST = [401, 403, 404]; // statuses: signed out, no longer enrolled, deleted
const HLS = {
  startPosition: 0, // a growing lecture starts at its beginning, not at the live edge
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
    const watching = document.querySelector("[data-watching]");
    this.watch = watching && new Watch(watching, this.video, () => this.showCompletion());
    this.video.addEventListener("ended", () => document.querySelector("[data-next]")?.removeAttribute("hidden"));
    document.addEventListener("click", (event) => this.onSeekLink(event));
    this.show(JSON.parse(root.dataset.playback));
    document.addEventListener("keydown", (event) => this.onKey(event));
  }

  show(playback) {
    // The video failed or was removed while the page was open: the reloaded page says which.
    if (this.playback && !playback.hls_url && playback.state !== "waiting") return location.reload();
    this.playback = playback;
    this.root.dataset.state = playback.state;
    if (playback.hls_url && !this.source) this.load(playback.hls_url, this.watch?.resumeAt);
    if (playback.storyboard_url) this.addStoryboard(playback.storyboard_url);
    if (playback.poster_url) this.root.querySelector("media-poster-image")?.setAttribute("src", playback.poster_url);
    this.describe(playback);
    if (playback.state === "waiting") setTimeout(() => this.poll(), POLL_WAITING_MS);
    if (playback.state === "growing") setTimeout(() => this.poll(), POLL_MS);
  }

  load(url, at = 0, ready = () => {}) {
    this.source = url;
    this.video.config = { ...HLS, startPosition: at };
    this.video.src = url;
    // The element makes a new hls.js instance a microtask after another `src` is set.
    setTimeout(() => {
      this.video.api?.on("hlsError", (_name, error) => this.onError(error));
      this.video.api?.on("hlsFragLoaded", () => this.onFragmentLoaded());
      ready();
    });
  }

  // Playback position in seconds; the start position before anything is loaded.
  get position() {
    return this.video.currentTime || this.video.config.startPosition;
  }

  // Changes the source and keeps position, speed and play state, which a new `src` resets.
  switchSource(url) {
    const { paused, playbackRate } = this.video;
    this.load(url, this.position, () => {
      this.video.playbackRate = playbackRate;
      if (!paused) this.video.play().catch(() => {}); // if autoplay is blocked, the player stays paused
    });
  }

  async poll() {
    if (this.ended) return;
    try {
      const answer = await fetch(this.root.dataset.playbackUrl, { headers: { accept: "application/json" } });
      if (answer.ok) return this.show(await answer.json());
      if (ACCESS_LOST.includes(answer.status)) return this.end();
    } catch {
      // Network lost: the buffer plays on and polling continues.
    }
    setTimeout(() => this.poll(), POLL_MS);
  }

  // Signed addresses expire hours after the page was made, or when the video is replaced: fetches new ones and continues
  // at the same position.
  async onError(error) {
    const status = error.response?.code;
    if (this.ended) return;
    const fresh = performance.now() - (this.refreshedAt ?? -Infinity) < REFRESH_MIN_MS;
    if (!ACCESS_LOST.includes(status) || fresh || this.refreshing) {
      if (error.fatal) this.recover(error);
      // hls.js retries by itself for half a minute; a stalled player says so at once.
      else if (error.type === "networkError" && this.video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) this.showOffline();
      return;
    }
    this.refreshing = true;
    try {
      await this.refresh();
    } catch {
      // The network was lost at the same moment: retry.
      this.retryLater(() => this.onError(error));
    } finally {
      this.refreshing = false;
    }
  }

  async refresh() {
    const answer = await fetch(this.root.dataset.playbackUrl, { headers: { accept: "application/json" } });
    if (ACCESS_LOST.includes(answer.status)) return this.end();
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    this.playback = await answer.json();
    this.refreshedAt = performance.now();
    this.switchSource(this.playback.hls_url);
  }

  // Access was lost: the buffer plays on, nothing more is requested.
  end() {
    this.ended = true;
    this.offline = false;
    clearTimeout(this.retryTimer);
    this.video.api?.stopLoad();
    this.showNote(this.texts.textGone);
  }

  recover(error) {
    if (error.type === "mediaError") return this.video.api.recoverMediaError();
    if (error.type !== "networkError") return;
    this.retryLater(() => {
      const { api } = this.video;
      if (!api.levels.length) api.loadSource(this.source); // without a master playlist startLoad() does nothing
      api.startLoad(this.position);
    });
  }

  retryLater(retry) {
    this.showOffline();
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(retry, POLL_MS);
  }

  showOffline() {
    this.offline = true;
    this.showNote(this.texts.textOffline);
  }

  onFragmentLoaded() {
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
    if (state === "waiting") this.showNote(this.texts.textWaiting, progress);
    else if (state === "growing") {
      const text = this.texts.textGrowing.replace("{ready}", clock(playable_seconds)).replace("{total}", clock(duration_seconds));
      this.showNote(text, progress, this.texts.textGrowingSaid);
    } else this.showNote("");
  }

  // `announced` is the screen reader's text, without figures: changing ones would be read every few seconds.
  showNote(text, progress, announced = text) {
    if (!this.note) return;
    const region = this.root.querySelector("[data-announce]");
    if (region.textContent !== announced) region.textContent = announced;
    this.note.hidden = !text;
    this.note.querySelector("[data-note-text]").textContent = text;
    const bar = this.note.querySelector("progress");
    bar.hidden = progress === undefined;
    if (progress !== undefined) bar.value = progress;
  }

  showCompletion() {
    const section = document.querySelector("[data-completion]");
    if (section && !section.querySelector(":focus")) refresh(section);
  }

  // A link to a moment of the lecture: what is still to be watched.
  onSeekLink(event) {
    const link = event.target.closest?.("[data-seek]");
    if (!link) return;
    event.preventDefault();
    this.root.scrollIntoView({ block: "nearest" });
    this.video.currentTime = Number(link.dataset.seek);
    this.video.play().catch(() => {}); // if autoplay is blocked, the player stays paused
  }

  // Player keys work wherever the focus is, except in fields and on controls. Arrow up and down still scroll the
  // page; the space bar does not.
  onKey(event) {
    const busy = event.target.closest?.("input, textarea, select, button, summary, a, [contenteditable], media-controller");
    if (busy || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (["ArrowUp", "ArrowDown"].includes(event.key)) return;
    if (event.key === " ") event.preventDefault();
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
