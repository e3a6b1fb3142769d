// Lecture player: hls.js under media-chrome. The page passes the playback document in data-* attributes; while
// the lecture is still being encoded, the document is polled. Before Play or a seek only the master playlist is loaded.
import "skillstudio/page.js";
import "skillstudio/player-language.js";
import "hls-video-element";
import "skillstudio/player-controls.js";
import { hlsConfig, keepOrder, playOn, tellTheEnd } from "skillstudio/player-config.js";
import { Keys } from "skillstudio/player-keys.js";
import { remember } from "skillstudio/player-memory.js";
import { listenToTaps } from "skillstudio/player-taps.js";
import { refresh } from "skillstudio/refresh.js";
import { Watch } from "skillstudio/watch.js";

const POLL_MS = 3000;
const POLL_WAITING_MS = 500; // the player is still empty
const REFRESH_MIN_MS = 10000; // between two requests for new addresses, if the new ones fail too
const ACCESS_LOST = [401, 403, 404]; // statuses: signed out, no longer enrolled, deleted
const FLASH_MS = 700;

class LecturePlayer {
  constructor(root) {
    this.root = root;
    this.controller = root.querySelector("media-controller");
    this.video = root.querySelector("hls-video");
    this.note = root.querySelector("[data-note]");
    this.texts = root.dataset;
    this.recoveries = 0;
    remember(this.controller, this.video);
    this.video.addEventListener("play", () => this.begin());
    this.controller.addEventListener("mediaseekrequest", ({ detail }) => this.begin(detail));
    // The first frame does not wait for the storyboard.
    this.video.addEventListener("loadeddata", () => this.addStoryboard());
    root.querySelector("media-time-range").addEventListener("pointerenter", () => this.addStoryboard());
    const watching = document.querySelector("[data-watching]");
    this.watch = watching && new Watch(watching, this.video, () => this.showCompletion());
    this.video.addEventListener("ended", () => document.querySelector("[data-next]")?.removeAttribute("hidden"));
    document.addEventListener("click", (event) => this.onSeekLink(event));
    this.show(JSON.parse(root.dataset.playback));
    const help = root.querySelector("[data-player-help]");
    root.querySelector("[data-open-help]").addEventListener("click", () => help.showModal());
    help.querySelector("[data-close-help]").addEventListener("click", () => help.close());
    new Keys(this, { controller: this.controller, video: this.video, help });
    listenToTaps(this.controller, (seconds) => this.skip(seconds));
  }

  show(playback) {
    // The video failed or was removed while the page was open: the reloaded page says which.
    if (this.playback && !playback.hls_url && playback.state !== "waiting") return location.reload();
    this.playback = playback;
    this.root.dataset.state = playback.state;
    if (playback.hls_url && !this.source) this.load(playback.hls_url, askedMoment() ?? this.watch?.resumeAt, this.begun);
    if (this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) this.addStoryboard();
    this.showPoster();
    this.describe(playback);
    if (playback.state === "waiting") setTimeout(() => this.poll(), POLL_WAITING_MS);
    if (playback.state === "growing") setTimeout(() => this.poll(), POLL_MS);
  }

  // `plays`: continue with playing, not only with loading.
  load(url, at = 0, plays = false) {
    this.source = url;
    this.video.config = hlsConfig(at, this.playback.duration_seconds);
    this.video.src = url;
    // The element makes a new hls.js instance a microtask after another `src` is set.
    setTimeout(() => {
      const { api } = this.video;
      this.showThumbnail();
      if (api) this.follow(api);
      if (plays) this.video.play().catch(() => {}); // if autoplay is blocked, the player stays paused
    });
  }

  follow(api) {
    // When it is played, the element starts loading and names no position.
    const start = api.startLoad.bind(api);
    api.startLoad = (from = this.position, ...more) => start(from, ...more);
    tellTheEnd(api);
    keepOrder(api);
    playOn(api, this.video);
    api.on("hlsError", (_name, error) => this.onError(error));
    api.on("hlsManifestParsed", () => this.onManifestParsed());
    api.on("hlsFragLoaded", () => this.onLoaded());
  }

  // First Play or seek; `at`: position in seconds.
  begin(at = this.position) {
    if (this.begun) return;
    this.begun = true;
    const { api, paused } = this.video;
    if (api) api.config.startPosition = at;
    if (paused) api?.startLoad(at); // when it is played, the element does it
    this.video.preload = "auto"; // another source is loaded at once
  }

  // Playback position in seconds; the start position before anything is loaded.
  get position() {
    return this.video.currentTime || (this.video.config?.startPosition ?? 0);
  }

  // End of what can be played, in seconds.
  get duration() {
    const { seekable, duration } = this.video;
    if (seekable.length) return seekable.end(seekable.length - 1);
    return Number.isFinite(duration) ? duration : (this.playback.playable_seconds ?? 0);
  }

  seek(to) {
    if (!this.source) return;
    const at = Math.min(Math.max(0, to), this.duration);
    this.video.currentTime = at;
    this.begin(at);
  }

  skip(seconds) {
    this.seek(this.position + seconds);
    const flash = this.root.querySelector("[data-flash]");
    flash.textContent = `${seconds < 0 ? "−" : "+"}${Math.abs(seconds)} s`;
    flash.dataset.side = seconds < 0 ? "left" : "right";
    flash.hidden = false;
    clearTimeout(this.flashTimer);
    this.flashTimer = setTimeout(() => (flash.hidden = true), FLASH_MS);
  }

  toggle() {
    if (!this.video.paused) this.video.pause();
    else this.video.play().catch(() => {}); // replaced by another source, or autoplay is blocked
  }

  // Changes the source and keeps position and play state, which a new `src` resets.
  switchSource(url) {
    this.load(url, this.position, !this.video.paused);
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
    if (error.type === "mediaError") return this.recoverMedia(this.video.api, this.position);
    if (error.type !== "networkError") return;
    this.retryLater(() => {
      const { api } = this.video;
      if (!api.levels.length) api.loadSource(this.source); // without a master playlist startLoad() does nothing
      if (this.begun) api.startLoad(this.position);
    });
  }

  // With an empty buffer, each time later if it does not help. Not at once: hls.js stops loading after it told the error.
  recoverMedia(api, position) {
    setTimeout(() => {
      if (this.ended || api !== this.video.api) return; // access was lost meanwhile, or the source is another
      api.recoverMediaError();
      api.startLoad(position);
    }, POLL_MS * this.recoveries++);
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

  onManifestParsed() {
    this.manifest = true;
    this.video.api.firstLevel = 0; // the lowest where none is known to arrive in time; hls.js takes the first one listed
    this.onLoaded();
    this.showPoster();
  }

  // In place of the poster, and after the request for the playlist.
  showThumbnail() {
    const { thumbnail_url: url } = this.playback;
    if (url) this.root.querySelector("media-poster-image")?.setAttribute("placeholdersrc", url);
  }

  // The poster, if there is time for it before Play.
  showPoster() {
    const { poster_url: url } = this.playback;
    if (url && this.manifest && !this.begun) this.root.querySelector("media-poster-image")?.setAttribute("src", url);
  }

  onLoaded() {
    if (!this.offline) return;
    this.offline = false;
    this.describe(this.playback);
  }

  addStoryboard() {
    const { storyboard_url: url } = this.playback;
    if (!url || this.video.querySelector("track[label=thumbnails]")) return;
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
    this.video.play().catch(() => {}); // if autoplay is blocked, the player stays paused
    this.seek(Number(link.dataset.seek));
  }
}

// Seconds that the page's address asks for, as in `?t=750`.
function askedMoment() {
  const asked = new URLSearchParams(location.search).get("t");
  return /^\d{1,6}$/.test(asked ?? "") ? Number(asked) : undefined;
}

function clock(seconds) {
  const whole = Math.floor(seconds ?? 0);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [hours, minutes, rest] = parts.map((part) => String(part).padStart(2, "0"));
  return parts[0] ? `${parts[0]}:${minutes}:${rest}` : `${Number(minutes)}:${rest}`;
}

for (const root of document.querySelectorAll("[data-lecture-player]")) new LecturePlayer(root);
