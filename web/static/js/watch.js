// What is really watched: spans that were played with data, neither paused, nor hidden and muted. They are reported
// every ten seconds of playing, and at every pause, seek, change of speed, end, and when the page is hidden.
import { device } from "skillstudio/device.js";
import { now, WatchQueue } from "skillstudio/watch-queue.js";

const REPORT_MS = 10000;
const SPAN_MS = 5000; // longest span, so that the server can place each in time
const SHORTEST_SECONDS = 0.05;
const JUMP_SECONDS = 1; // further than that between two events is a seek that was not announced

export class Watch {
  // `element` has the viewer's progress in data-watching, `video` is the media element.
  // `recordedPaused` is called when the server has recorded everything up to a pause or the end.
  constructor(element, video, recordedPaused) {
    this.recordedPaused = recordedPaused;
    this.element = element;
    this.video = video;
    this.known = JSON.parse(element.dataset.watching);
    this.session = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    this.queue = new WatchQueue(element.dataset.track, this.session, (recorded) => this.show(recorded), () => this.renew());
    this.seq = 0;
    this.spans = [];
    this.reportedAt = now();
    for (const name of ["timeupdate", "playing", "volumechange"]) video.addEventListener(name, () => this.follow());
    for (const name of ["pause", "ended", "ratechange", "seeking"]) video.addEventListener(name, () => this.report());
    video.addEventListener("waiting", () => this.close());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.leave() : this.queue.send()));
    addEventListener("pagehide", () => this.leave());
    this.queue.send();
  }

  get resumeAt() {
    return this.known.resume_seconds;
  }

  get counts() {
    const { paused, seeking, readyState, muted, volume } = this.video;
    return !paused && !seeking && readyState >= 2 && !(document.hidden && (muted || volume === 0));
  }

  follow() {
    const { currentTime, playbackRate } = this.video;
    const open = this.open;
    if (open) {
      const expected = open.to + ((now() - open.seenAt) / 1000) * open.rate;
      if (currentTime < open.to || currentTime > expected + JUMP_SECONDS || playbackRate !== open.rate) this.close();
      else Object.assign(open, { to: currentTime, seenAt: now() });
    }
    if (!this.counts) this.close();
    else if (!this.open) this.open = { from: currentTime, to: currentTime, rate: playbackRate, seenAt: now(), since: now() };
    else if (now() - this.open.since >= SPAN_MS) {
      this.close();
      this.follow();
    }
    if (now() - this.reportedAt >= REPORT_MS && (this.spans.length || this.open)) this.report();
  }

  // Ends the open span at the last position that was seen: after a seek, the current one is elsewhere.
  close() {
    const { from, to, rate, seenAt } = this.open ?? {};
    if (to - from >= SHORTEST_SECONDS) this.spans.push({ from: round(from), to: round(to), rate, at: Math.round(seenAt) });
    this.open = undefined;
  }

  collect() {
    if (this.open && !this.video.seeking && this.counts) this.open.to = Math.max(this.open.to, this.video.currentTime);
    this.close();
    this.reportedAt = now();
    if (!this.spans.length) return false;
    this.queue.add({
      token: this.known.token,
      lesson_id: this.known.lesson_id,
      session: this.session,
      seq: this.seq++,
      events: this.spans.splice(0),
      position: round(this.video.currentTime),
      quality: this.quality,
      device: device(),
    });
    return true;
  }

  // A new token, when the page's has expired after some days: the viewer went on where the lecture was paused.
  async renew() {
    const answer = await fetch(this.element.dataset.watchingUrl, { headers: { accept: "application/json" } });
    if (!answer.ok) return undefined; // signed out, or no longer enrolled
    this.known.token = (await answer.json()).token;
    return this.known.token;
  }

  report() {
    if (this.collect()) this.queue.send();
    if (!this.video.paused) this.follow();
  }

  leave() {
    this.collect();
    this.queue.beacon();
  }

  get quality() {
    const { api } = this.video;
    const level = api?.levels?.[api.currentLevel];
    return level ? `${Math.min(level.width, level.height)}p` : undefined;
  }

  show({ percent }) {
    this.element.querySelector("[data-watched-bar]").value = percent;
    const text = this.element.querySelector("[data-watched-text]");
    text.textContent = text.dataset.text.replace("{percent}", percent);
    if (this.video.paused) this.recordedPaused();
  }
}

const round = (seconds) => Math.round(seconds * 100) / 100;
