// View of one FileUpload: name, bar, rate, time left, and the buttons for its state. Markup and texts are in
// templates/uploads/panel.html.
import { duration, fill, percent, percentText, rate, size } from "skillstudio/upload-format.js";

const ANNOUNCE_MS = 30_000; // screen readers are told the progress twice a minute

export function makePanel(template) {
  return template.content.firstElementChild.cloneNode(true);
}

export function bindPanel(panel, upload) {
  const part = (name) => panel.querySelector(`[data-${name}]`);
  const texts = panel.dataset;
  let announced = { at: 0, state: "" };

  part("name").textContent = upload.file.name;
  part("bar").setAttribute("aria-label", fill(texts.textLabel, { name: upload.file.name }));
  part("pause").addEventListener("click", () => upload.pause());
  part("resume").addEventListener("click", () => upload.resume());
  part("cancel").addEventListener("click", () => upload.cancel());

  function show() {
    const done = percent(upload.sent, upload.size);
    panel.dataset.state = upload.state;
    part("bar").value = done;
    part("percent").textContent = percentText(done);
    part("line").textContent = line(upload, texts);
    const refusal = upload.state === "refused" ? texts.textRefused : "";
    const known = (upload.signedOut && texts.textSignedOut) || (upload.unreadable && texts.textUnreadable);
    const problem = known || upload.problem || refusal;
    part("problem").hidden = !problem;
    part("problem").lastElementChild.textContent = problem;
    toggle(part("pause"), part("resume"), upload.active, ["paused", "refused"].includes(upload.state) && !upload.final);
    part("open").hidden = !upload.address || upload.active; // leaving the page would stop the upload
    if (upload.address) part("open").href = upload.address;
    if (upload.final || upload.state === "done") part("cancel").firstElementChild.textContent = texts.textRemove;
    part("cancel").hidden = upload.state === "cancelled";
    announce(done);
  }

  function announce(done) {
    const now = performance.now();
    if (upload.state === announced.state && now - announced.at < ANNOUNCE_MS) return;
    announced = { at: now, state: upload.state };
    part("announce").textContent = `${upload.file.name}: ${percentText(done)}. ${part("line").textContent}`;
  }

  upload.addEventListener("change", show);
  show();
}

// Shows one of the two buttons and keeps the focus on it.
function toggle(pause, resume, pausing, resuming) {
  const focused = [pause, resume].includes(document.activeElement);
  pause.hidden = !pausing;
  resume.hidden = !resuming;
  if (focused) (pausing ? pause : resume).focus();
}

function line(upload, texts) {
  const values = { sent: size(upload.sent), size: size(upload.size) };
  const sentence = {
    queued: texts.textQueued,
    starting: texts.textStarting,
    paused: texts.textPaused,
    waiting: upload.held ? texts.textHeld : texts.textWaiting,
    refused: upload.sent ? texts.textStopped : texts.textSize,
    done: texts.textDone,
    cancelled: texts.textCancelled,
  }[upload.state];
  if (sentence) return fill(sentence, values);
  const figures = [fill(texts.textSent, values)];
  if (upload.rate) figures.push(rate(upload.rate));
  if (upload.secondsLeft !== null) figures.push(fill(texts.textLeft, { time: duration(upload.secondsLeft) }));
  return figures.join(" · ");
}
