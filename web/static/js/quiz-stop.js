// Questions in a video: the player pauses at their moment, or where it was skipped, and asks in a dialog. The dialog
// shows the same form and review as their own pages. A question is asked once in a visit, until it is answered.
import { refresh } from "skillstudio/refresh.js";

const place = document.querySelector("[data-quiz-stops]");
const dialog = document.querySelector("[data-quiz-dialog]");

class Stops {
  constructor() {
    this.open = JSON.parse(place.dataset.quizStops).filter((stop) => !stop.answered);
    this.frame = dialog.querySelector("[data-quiz-frame]");
    // Media events do not bubble, but they are captured.
    document.addEventListener("timeupdate", (event) => this.look(event.target), true);
    dialog.addEventListener("keydown", (event) => event.stopPropagation()); // no keys for the player behind it
    dialog.addEventListener("close", () => this.goOn());
    dialog.addEventListener("submit", (event) => this.submit(event));
    dialog.addEventListener("quiz:over", () => this.show(fetch(this.address)));
    dialog.querySelector("[data-quiz-later]").addEventListener("click", () => dialog.close());
  }

  look(video) {
    if (dialog.open || video.localName !== "hls-video") return;
    const due = this.open.findIndex((stop) => video.currentTime >= stop.moment);
    if (due < 0) return;
    const [stop] = this.open.splice(due, 1);
    this.video = video;
    video.pause();
    if (document.fullscreenElement) document.exitFullscreen();
    this.frame.replaceChildren();
    dialog.showModal();
    this.begin(stop);
  }

  async begin({ quiz_id: quiz }) {
    const { lesson, here } = place.dataset;
    this.panel = null;
    try {
      const response = await fetch(`/api/lessons/${lesson}/quiz/attempts?quiz=${quiz}`, { method: "POST" });
      const answer = await response.json();
      if (!response.ok) return this.say(answer.detail);
      this.address = `${here}/attempts/${answer.id}`;
      this.panel = document.getElementById(`quiz-${quiz}`); // lists the attempt afterwards
      await this.show(fetch(this.address));
    } catch {
      dialog.close(); // the connection is lost: the video plays on from its buffer, and the page still lists the question
    }
  }

  // The form of the attempt or its review, out of the page that has it.
  async show(answering) {
    const page = new DOMParser().parseFromString(await (await answering).text(), "text/html");
    const content = page.querySelector("#quiz-form, #quiz-review");
    if (!content) return location.assign(this.address);
    this.frame.replaceChildren(content);
    document.dispatchEvent(new CustomEvent("htmx:after:swap")); // enhances the form
    this.frame.querySelector("input:not([type=hidden]), select, textarea, [tabindex]")?.focus();
  }

  async submit(event) {
    if (!event.target.matches("#quiz-form")) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(event.target, event.submitter));
    try {
      await this.show(fetch(this.address, { method: "POST", body, headers: { accept: "text/html" } }));
    } catch {
      this.say(event.target.dataset.textUnsaved);
    }
  }

  say(text) {
    const line = dialog.querySelector("[data-quiz-problem]");
    line.hidden = !text;
    line.textContent = text;
  }

  goOn() {
    this.say("");
    this.frame.replaceChildren();
    if (this.panel) refresh(this.panel);
    this.video?.play().catch(() => {}); // if autoplay is blocked, the player stays paused
  }
}

if (place && dialog) new Stops();
