// The lecture's player: hls.js under media-chrome. The page says what to play in data-* attributes;
// while the lecture is still being encoded, the same answer is asked for again.
import "skillstudio/player-language.js";
import "hls-video-element";
import "media-chrome";
import "media-chrome/menu";

const ASK_AGAIN_MS = 3000;
const ASK_FOR_THE_FIRST_MS = 500; // somebody looks at an empty picture
const REFRESH_AGAIN_MS = 10000; // new addresses that do not work either are no reason to hurry
const GONE = [401, 403, 404]; // of our own answers: signed out, not enrolled any more, deleted
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
    // It failed or was taken away while somebody looked: the page says what there is to say.
    if (this.playback && !playback.hls_url && playback.state !== "waiting") return location.reload();
    this.playback = playback;
    this.root.dataset.state = playback.state;
    if (playback.hls_url && !this.source) this.load(playback.hls_url);
    if (playback.storyboard_url) this.addStoryboard(playback.storyboard_url);
    if (playback.poster_url) this.root.querySelector("media-poster-image")?.setAttribute("src", playback.poster_url);
    this.describe(playback);
    if (playback.state === "waiting") setTimeout(() => this.ask(), ASK_FOR_THE_FIRST_MS);
    if (playback.state === "growing") setTimeout(() => this.ask(), ASK_AGAIN_MS);
  }

  load(url, at = 0, ready = () => {}) {
    this.source = url;
    this.video.config = { ...HLS, startPosition: at };
    this.video.src = url;
    // The element makes a new hls.js instance a microtask after another `src` is set.
    setTimeout(() => {
      this.video.api?.on("hlsError", (_name, error) => this.onError(error));
      this.video.api?.on("hlsFragLoaded", () => this.found());
      ready();
    });
  }

  // Seconds; before anything is there, where it is to begin.
  get position() {
    return this.video.currentTime || this.video.config.startPosition;
  }

  // From here on, where we were and as fast. A new source stops the player and makes it forget the speed.
  goOn(url) {
    const { paused, playbackRate } = this.video;
    this.load(url, this.position, () => {
      this.video.playbackRate = playbackRate;
      if (!paused) this.video.play().catch(() => {}); // refused, it stands there and can be started
    });
  }

  async ask() {
    if (this.gone) return;
    try {
      const answer = await fetch(this.root.dataset.playbackUrl, { headers: { accept: "application/json" } });
      if (answer.ok) return this.show(await answer.json());
      if (GONE.includes(answer.status)) return this.end();
    } catch {
      // The network is away; what is buffered plays on, and we ask again.
    }
    setTimeout(() => this.ask(), ASK_AGAIN_MS);
  }

  // The addresses end some hours after the page was made, or with a video that was replaced: fetch new ones and go on where we were.
  async onError(error) {
    const status = error.response?.code;
    if (this.gone) return;
    const fresh = performance.now() - (this.refreshedAt ?? -Infinity) < REFRESH_AGAIN_MS;
    if (!GONE.includes(status) || fresh || this.refreshing) {
      if (error.fatal) this.recover(error);
      // hls.js tries again by itself for half a minute; nobody should look at a picture that stands so long.
      else if (error.type === "networkError" && this.video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) this.sayOffline();
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
    if (GONE.includes(answer.status)) return this.end();
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    this.playback = await answer.json();
    this.refreshedAt = performance.now();
    this.goOn(this.playback.hls_url);
  }

  // Nobody may watch it any more: what is buffered plays on, nothing is asked for again.
  end() {
    this.gone = true;
    this.offline = false;
    clearTimeout(this.again);
    this.video.api?.stopLoad();
    this.say(this.texts.textGone);
  }

  recover(error) {
    if (error.type === "mediaError") return this.video.api.recoverMediaError();
    if (error.type !== "networkError") return;
    this.lost(() => {
      const { api } = this.video;
      if (!api.levels.length) api.loadSource(this.source); // without a master playlist there is nothing to start
      api.startLoad(this.position);
    });
  }

  lost(tryAgain) {
    this.sayOffline();
    clearTimeout(this.again);
    this.again = setTimeout(tryAgain, ASK_AGAIN_MS);
  }

  sayOffline() {
    this.offline = true;
    this.say(this.texts.textOffline);
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
      this.say(text, progress, this.texts.textGrowingSaid);
    } else this.say("");
  }

  // `announced` is what a screen reader says, once: figures would have it speak every few seconds.
  say(text, progress, announced = text) {
    if (!this.note) return;
    const region = this.root.querySelector("[data-announce]");
    if (region.textContent !== announced) region.textContent = announced;
    this.note.hidden = !text;
    this.note.querySelector("[data-note-text]").textContent = text;
    const bar = this.note.querySelector("progress");
    bar.hidden = progress === undefined;
    if (progress !== undefined) bar.value = progress;
  }

  // The usual keys work wherever the focus is, unless somebody is typing or on a control. Up and down
  // turn pages there, and the space bar does not.
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
