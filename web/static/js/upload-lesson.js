// Upload on the instructor's lesson page: drop zone, upload progress, resuming an interrupted upload.
import "skillstudio/page.js";
import { LessonProgress } from "skillstudio/lesson-progress.js";
import { dropZone, guardLeaving } from "skillstudio/upload-drop.js";
import { FileUpload, findPrevious, uploadId } from "skillstudio/upload-file.js";
import { fill, percent, percentText, size } from "skillstudio/upload-format.js";
import { bindPanel, makePanel } from "skillstudio/upload-panel.js";

class LessonVideo {
  constructor(root) {
    this.root = root;
    this.texts = root.dataset;
    this.panels = root.querySelector("[data-panels]");
    this.problem = root.querySelector("[data-file-problem]");
    for (const zone of root.querySelectorAll("[data-drop]")) dropZone(zone, (files) => this.take(files));
    guardLeaving(() => this.upload?.active);
    this.progress = new LessonProgress(root);
    this.progress.addEventListener("change", () => this.showInterrupted());
    this.showInterrupted();
  }

  get open() {
    return this.progress.latest.uploads.filter((upload) => !upload.storing);
  }

  async take([file, ...others]) {
    if (others.length) return this.refuse(this.texts.textOne);
    if (!file.size) return this.refuse(fill(this.texts.textEmpty, { name: file.name }));
    if (file.size > Number(this.texts.limit)) {
      return this.refuse(fill(this.texts.textLarge, { name: file.name, size: size(file.size), limit: size(Number(this.texts.limit)) }));
    }
    if (this.upload?.active || this.upload?.state === "paused") return this.refuse(this.texts.textBusy);
    this.refuse("");
    const ids = this.open.map((upload) => upload.id);
    const previous = (await findPrevious(file)).find((entry) => ids.includes(uploadId(entry)));
    if (ids.length && !previous) return this.refuse(fill(this.texts.textOther, { name: this.open[0].filename }));
    this.send(file, previous);
  }

  send(file, previous) {
    this.jobBefore = this.progress.latest.job_id;
    this.upload = new FileUpload(file);
    const panel = makePanel(this.root.querySelector("template[data-panel]"));
    this.panels.replaceChildren(panel);
    bindPanel(panel, this.upload);
    this.upload.addEventListener("change", () => this.onChange(panel));
    this.upload.start(this.texts.lesson, previous);
  }

  onChange(panel) {
    const { state } = this.upload;
    if (state === "cancelled") panel.remove();
    this.root.dataset.upload = state === "cancelled" ? "" : state;
    this.showInterrupted();
  }

  get ownId() {
    return this.upload?.tus.url?.split("/").at(-1);
  }

  // Unfinished uploads that are not running on this page: asks for the file to resume, or to discard the upload.
  showInterrupted() {
    const { stage, job_id: job } = this.progress.latest;
    const others = this.upload?.state === "starting" ? [] : this.open.filter((upload) => upload.id !== this.ownId);
    const box = this.root.querySelector("[data-interrupted]");
    box.hidden = !others.length;
    if (others.length) describe(box, others[0], this.texts);
    const taken = job !== this.jobBefore || stage === "storing";
    if (this.upload?.state !== "done" || !taken) return;
    this.panels.replaceChildren();
    this.root.dataset.upload = "";
  }

  refuse(sentence) {
    this.problem.hidden = !sentence;
    this.problem.lastElementChild.textContent = sentence;
  }
}

function describe(box, upload, texts) {
  const done = percent(upload.offset, upload.size);
  const values = { name: upload.filename, percent: percentText(done), size: size(upload.size) };
  box.querySelector("[data-interrupted-text]").textContent = fill(texts.textInterrupted, values);
  box.querySelector("progress").value = done;
  box.querySelector("[data-choose]").lastElementChild.textContent = fill(texts.textChoose, values);
  box.querySelector("[name=upload]").value = upload.id;
}

for (const root of document.querySelectorAll("[data-lesson-video]")) new LessonVideo(root);
