// Live state of a lesson's video. The server words it; elements say by data-* attributes what they show:
// data-words="headline", data-when="can_retry" (hidden otherwise), data-value="progress".
import { allIsWell, say } from "skillstudio/failed.js";

const AGAIN_MS = 4000;
const AGAIN_SIGNED_OUT_MS = 20_000;
const SPEAK_EVERY_MS = 20_000;

export class LessonProgress extends EventTarget {
  constructor(root) {
    super();
    this.root = root;
    this.spoken = { at: 0, headline: "" };
    this.show(JSON.parse(root.dataset.progress));
    this.listen();
    addEventListener("pagehide", () => this.source.close());
  }

  listen() {
    const source = new EventSource(this.root.dataset.events);
    this.source = source;
    source.addEventListener("message", (event) => this.show(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      // The browser itself connects again, except after an answer that is no stream.
      if (source.readyState === EventSource.CLOSED) this.goOn();
    });
  }

  // A stream does not tell which answer it was; the same question without a stream does.
  async goOn() {
    const status = await fetch(this.root.dataset.status).then((answer) => answer.status, () => 0);
    if ([403, 404].includes(status)) return say("stale");
    if (status === 401) say("signed-out");
    if (status === 200) allIsWell();
    setTimeout(() => this.listen(), status === 401 ? AGAIN_SIGNED_OUT_MS : AGAIN_MS);
  }

  show(progress) {
    this.latest = progress;
    this.root.dataset.stage = progress.stage;
    for (const element of this.root.querySelectorAll("[data-words]")) {
      setText(element, progress.words[element.dataset.words]);
    }
    for (const element of this.root.querySelectorAll("[data-said]")) {
      setText(element, progress[element.dataset.said] ?? "");
    }
    for (const element of this.root.querySelectorAll("[data-when]")) {
      element.hidden = !progress[element.dataset.when];
    }
    this.root.querySelector("[data-value]").value = progress.progress;
    this.showPoster(progress.thumbnail_url);
    drawStrip(this.root.querySelector("[data-strip]"), progress.chunks);
    this.speak(progress.words);
    this.dispatchEvent(new Event("change"));
  }

  showPoster(url) {
    const image = this.root.querySelector("[data-poster]");
    if (url && image.getAttribute("src") !== url) image.src = url;
    image.hidden = !url;
  }

  speak({ headline, detail }) {
    const now = performance.now();
    if (headline === this.spoken.headline && now - this.spoken.at < SPEAK_EVERY_MS) return;
    const region = this.root.querySelector("[data-announce-progress]");
    if (this.spoken.headline) setText(region, `${headline}. ${detail}`); // what was there at first is read anyway
    this.spoken = { at: now, headline };
  }
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// One bar a chunk, as wide as it is long; what is under way fills up.
function drawStrip(svg, chunks) {
  svg.toggleAttribute("hidden", !chunks.length);
  const total = chunks.reduce((sum, chunk) => sum + chunk.seconds, 0) || 1;
  const gap = total / 400;
  let start = 0;
  const bars = chunks.flatMap(({ state, seconds, progress }) => {
    const [x, width] = [start, Math.max(seconds - gap, seconds * 0.7)];
    start += seconds;
    const filled = state === "running" ? [bar(x, width * progress, "done")] : [];
    return [bar(x, width, state), ...filled];
  });
  svg.setAttribute("viewBox", `0 0 ${total} 1`);
  svg.querySelector("g").replaceChildren(...bars);
  const done = chunks.filter((chunk) => chunk.state === "done").length;
  svg.setAttribute("aria-label", svg.dataset.text.replace("{done}", done).replace("{total}", chunks.length));
}

function bar(x, width, state) {
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ x, y: 0, width, height: 1 })) rect.setAttribute(name, value);
  rect.dataset.state = state;
  return rect;
}
