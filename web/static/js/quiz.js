// Quizzes: answers are saved as they are given and the time is counted down. Without this script the form works, too.
import "skillstudio/page.js";
import { enhance } from "skillstudio/enhance.js";
import "skillstudio/quiz-stop.js";

const SAVE_MS = 600; // after the last change
const RETRY_MS = 5000;
const GRACE_MS = 16000; // after the deadline the server grades by itself
const LAST_MINUTE = 60;

class QuizForm {
  constructor(form) {
    this.form = form;
    this.changed = new Set();
    form.addEventListener("input", ({ target }) => this.onChange(target));
    form.addEventListener("submit", () => (this.leaving = true));
    addEventListener("pagehide", () => this.changed.size && this.save()); // left before the time to save had come
    if (form.dataset.secondsLeft) this.countDown(Number(form.dataset.secondsLeft));
  }

  onChange(target) {
    const question = target.closest("[data-question]");
    if (!question) return;
    this.changed.add(question);
    this.later(SAVE_MS);
  }

  later(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }

  // One request at a time, so that a later answer is never overtaken by an earlier one.
  async save() {
    if (this.saving || this.leaving || !this.form.isConnected) return;
    const sent = [...this.changed];
    this.changed.clear();
    this.saving = true;
    try {
      const answers = Object.fromEntries(sent.map((question) => [question.dataset.question, answerOf(question)]).filter(([, answer]) => answer));
      const response = await fetch(this.form.dataset.quizForm, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ answers }),
        keepalive: true,
      });
      if (response.status === 409) return this.leave(); // submitted in another window, or the time is up
      if (response.ok) this.show(sent, (await response.json()).unclear);
      else this.keep(sent, await this.reason(response));
    } catch {
      this.keep(sent, this.form.dataset.textUnsaved);
    } finally {
      this.saving = false;
    }
  }

  // Tries again whatever the reason is: signed in again, or published again, the answers are taken.
  keep(questions, reason) {
    for (const question of questions) this.changed.add(question);
    this.say(reason);
    this.later(RETRY_MS);
  }

  async reason(response) {
    if (response.status === 401) return this.form.dataset.textSignedOut;
    return response.status < 500 ? (await response.json()).detail : this.form.dataset.textUnsaved;
  }

  show(questions, unclear) {
    for (const question of questions) {
      const told = unclear[question.dataset.question] ?? "";
      const line = question.querySelector("[data-unclear]");
      line.hidden = !told;
      line.querySelector("span").textContent = told;
    }
    const places = [...this.form.querySelectorAll("[data-kind=ordering]")].some(isHalfPlaced);
    this.say(this.form.dataset[places ? "textPlaces" : "textSaved"]);
    if (this.changed.size) this.later(SAVE_MS);
  }

  say(text) {
    this.form.querySelector("[data-save-state]").textContent = text;
  }

  leave() {
    if (this.form.closest("dialog")) this.form.dispatchEvent(new CustomEvent("quiz:over", { bubbles: true }));
    else location.assign(this.form.getAttribute("action"));
  }

  countDown(seconds) {
    if (seconds === 0) return setTimeout(() => this.leave(), GRACE_MS);
    const end = performance.now() + seconds * 1000;
    const shown = this.form.querySelector("[data-time-left]");
    const timer = setInterval(() => {
      const left = Math.max(0, Math.round((end - performance.now()) / 1000));
      shown.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      if (left <= LAST_MINUTE && !("short" in shown.parentElement.dataset)) {
        shown.parentElement.dataset.short = "";
        this.form.querySelector("[data-time-said]").textContent = this.form.dataset.textMinute;
      }
      if (left > 0 && this.form.isConnected) return;
      clearInterval(timer);
      if (this.form.isConnected && !this.leaving) this.form.requestSubmit(this.form.querySelector("[value=submit]"));
    }, 1000);
  }
}

// Ids of the chosen options, or one text; undefined for an ordering that is not complete yet.
function answerOf(question) {
  const { kind, question: id } = question.dataset;
  const option = (field) => field.name.slice(`a-${id}-`.length);
  if (kind === "single") return [...question.querySelectorAll("input:checked")].map((field) => field.value);
  if (kind === "multiple") return [...question.querySelectorAll("input:checked")].map(option);
  if (kind !== "ordering") return [question.querySelector("input").value].filter(Boolean);
  const places = [...question.querySelectorAll("select")];
  if (places.some((field) => !field.value) || new Set(places.map((field) => field.value)).size < places.length) return undefined;
  return places.sort((a, b) => a.value - b.value).map(option);
}

// Some lines of an ordering have a place, but not each one of its own: this is not saved.
function isHalfPlaced(question) {
  return answerOf(question) === undefined && [...question.querySelectorAll("select")].some((field) => field.value);
}

enhance("form[data-quiz-form]", (form) => new QuizForm(form));
