// Multi-file upload on the course page: one draft lesson for each file, one file at a time, so that the first
// can be watched while the others are still uploading.
import "skillstudio/page.js";
import { refresh } from "skillstudio/refresh.js";
import { dropZone, guardLeaving } from "skillstudio/upload-drop.js";
import { FileUpload, findPrevious } from "skillstudio/upload-file.js";
import { bindPanel, makePanel } from "skillstudio/upload-panel.js";

const RETRY_MS = 4000;
const RETRY_STATUSES = [429, 502, 503, 504]; // sent by the server or a proxy in front of it

class CourseUploads {
  uploads = [];

  constructor(root) {
    this.root = root;
    this.texts = root.dataset;
    this.lessonsUrl = `/api/courses/${root.dataset.course}/lessons`;
    dropZone(root.querySelector("[data-drop]"), (files) => this.take(files));
    guardLeaving(() => this.uploads.some((upload) => upload.active || upload.state === "queued"));
    addEventListener("online", () => this.next());
  }

  take(files) {
    const order = new Intl.Collator(undefined, { numeric: true });
    files.sort((a, b) => order.compare(a.name, b.name)).forEach((file) => this.add(file));
    this.next();
  }

  add(file) {
    const upload = new FileUpload(file);
    const row = document.createElement("li");
    const panel = makePanel(this.root.querySelector("template[data-panel]"));
    row.append(panel);
    this.root.querySelector("[data-panels]").append(row);
    bindPanel(panel, upload);
    this.uploads.push(upload);
    let last = upload.state;
    upload.addEventListener("change", () => {
      if (upload.state === "cancelled") row.remove();
      if (upload.state !== last && ["sending", "done"].includes(upload.state)) refreshList();
      last = upload.state;
      this.next();
    });
    if (!file.size) upload.refuse(this.texts.textEmpty, { final: true });
  }

  async next() {
    const busy = this.uploads.some((upload) => upload.active);
    const upload = this.uploads.find((upload) => upload.state === "queued");
    if (busy || this.preparing || !upload) return;
    clearTimeout(this.timer);
    this.preparing = true;
    const begun = await this.begin(upload).then(() => true, (error) => this.refuse(upload, error));
    this.preparing = false;
    if (begun) this.next();
    else this.timer = setTimeout(() => this.next(), RETRY_MS); // it keeps its place in the queue
  }

  // True if the server refused this file, so that the next one can start; false to retry.
  refuse(upload, error) {
    if (!(error instanceof Refusal)) return false;
    upload.refuse(error.message || this.texts.textFailed, { signedOut: error.status === 401 });
    return true;
  }

  // Chooses the lesson: that of an earlier upload of the same file, else one of the same title without a video, else
  // a new one.
  async begin(upload) {
    const lessons = await ask(this.lessonsUrl);
    const known = await findPrevious(upload.file);
    const lessonOf = (entry) => lessons.find((lesson) => lesson.id === entry.metadata.lesson_id);
    const previous = known.find(lessonOf);
    const title = titleFrom(upload.file.name);
    const lesson =
      (previous && lessonOf(previous)) ||
      lessons.find((lesson) => same(lesson.title, title) && !lesson.video_status) ||
      (await ask(this.lessonsUrl, { title }));
    if (upload.state !== "queued") return; // cancelled in the meantime
    upload.address = `/teach/courses/${this.texts.course}/lessons/${lesson.id}`;
    if (["processing", "ready"].includes(lesson.video_status)) return upload.refuse(this.texts.textKnown, { final: true });
    // A complete earlier upload cannot be resumed: its encoding failed or was cancelled.
    upload.start(lesson.id, lesson.video_status === "uploading" ? previous : undefined);
  }
}

class Refusal extends Error {
  constructor(status, { detail }) {
    super(detail);
    this.status = status;
  }
}

// Throws a Refusal for a problem document of the server, a plain Error for everything else.
async function ask(url, body) {
  const options = body && { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const answer = await fetch(url, { ...options, credentials: "same-origin" });
  const json = await answer.json();
  if (answer.ok) return json;
  const problem = answer.headers.get("content-type")?.startsWith("application/problem+json") && !RETRY_STATUSES.includes(answer.status);
  throw problem ? new Refusal(answer.status, json) : new Error(`${url} answers ${answer.status}`);
}

// "03_sorting-networks.mp4" becomes "03 sorting networks", as server/uploads/rules.py has it.
export function titleFrom(name) {
  const stem = name.replace(/(.)\.[^.]*$/, "$1");
  return stem.split(/[\s_-]+/).filter(Boolean).join(" ").slice(0, 200) || stem || "Lesson";
}

function same(one, other) {
  return one.localeCompare(other, undefined, { sensitivity: "accent" }) === 0;
}

// Reloads the list of lessons.
function refreshList() {
  const lessons = document.querySelector("#lessons");
  if (lessons) refresh(lessons);
}

for (const root of document.querySelectorAll("[data-upload-many]")) new CourseUploads(root);
