// Live state of a lesson's video, from its event stream. The server writes the sentences; elements name in
// data-* attributes what they show:
// data-words="headline", data-when="can_retry" (hidden otherwise), data-value="progress".
import { clearNotice, showNotice } from "skillstudio/failed.js";

const RETRY_MS = 4000;
const RETRY_SIGNED_OUT_MS = 20_000;
const ANNOUNCE_MS = 20_000;

export class LessonProgress extends EventTarget {
  constructor(root) {
    super();
    this.root = root;
    this.announced = { at: 0, headline: "" };
    this.show(JSON.parse(root.dataset.progress));
    this.listen();
    addEventListener("pagehide", () => this.source.close());
  }

  listen() {
    const source = new EventSource(this.root.dataset.events);
    this.source = source;
    source.addEventListener("message", (event) => this.show(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      // The browser reconnects by itself, except after a response that is not an event stream.
      if (source.readyState === EventSource.CLOSED) this.reconnect();
    });
  }

  // EventSource hides the response's status; the same request without a stream shows it.
  async reconnect() {
    const status = await fetch(this.root.dataset.status).then((answer) => answer.status, () => 0);
    if ([403, 404].includes(status)) return showNotice("stale");
    if (status === 401) showNotice("signed-out");
    if (status === 200) clearNotice();
    setTimeout(() => this.listen(), status === 401 ? RETRY_SIGNED_OUT_MS : RETRY_MS);
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
    this.announce(progress.words);
    this.dispatchEvent(new Event("change"));
  }

  showPoster(url) {
    const image = this.root.querySelector("[data-poster]");
    if (url && image.getAttribute("src") !== url) image.src = url;
    image.hidden = !url;
  }

  announce({ headline, detail }) {
    const now = performance.now();
    if (headline === this.announced.headline && now - this.announced.at < ANNOUNCE_MS) return;
    const region = this.root.querySelector("[data-announce-progress]");
    if (this.announced.headline) setText(region, `${headline}. ${detail}`); // the first one is read with the page
    this.announced = { at: now, headline };
  }
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// One bar for each chunk, as wide as its duration; a running chunk fills up.
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
