// Pictures in a lesson's text: chosen by the button, pasted or dropped; each is uploaded and its Markdown inserted.
import "skillstudio/page.js";
import { enhance } from "skillstudio/enhance.js";
import { refresh } from "skillstudio/refresh.js";
import { sendFile } from "skillstudio/send-file.js";

enhance("[data-text-editor]", (form) => {
  const text = form.querySelector("textarea");
  const button = form.querySelector("[data-add-picture]");
  const chooser = form.querySelector("[data-picture-file]");
  const add = (files) => addPictures(form, text, pictures(files));

  button.hidden = false;
  button.addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    add(chooser.files);
    chooser.value = ""; // the same file can be chosen again
  });
  text.addEventListener("paste", (event) => {
    if (!pictures(event.clipboardData.files).length) return;
    event.preventDefault();
    add(event.clipboardData.files);
  });
  text.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    text.toggleAttribute("data-over", true);
  });
  text.addEventListener("dragleave", () => text.toggleAttribute("data-over", false));
  text.addEventListener("drop", (event) => {
    text.toggleAttribute("data-over", false);
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    add(event.dataTransfer.files);
  });
});

// A file dropped beside the text would replace the page.
for (const name of ["dragover", "drop"]) {
  addEventListener(name, (event) => event.dataTransfer.types.includes("Files") && event.preventDefault());
}

function pictures(files) {
  return [...files].filter((file) => file.type.startsWith("image/"));
}

async function addPictures(form, text, files) {
  const status = form.querySelector("[data-picture-status]");
  if (!files.length) return;
  for (const file of files) {
    status.textContent = form.dataset.textSending.replace("{name}", file.name);
    try {
      const { name, url } = await sendFile(form.dataset.pictures, file);
      insert(text, `![${name.replace(/\.\w+$/, "").replace(/[[\]\\]/g, " ")}](${url})`);
      status.textContent = "";
    } catch (problem) {
      status.textContent = problem.message || form.dataset.textFailed.replace("{name}", file.name);
      return;
    }
  }
  refresh(document.querySelector("#pictures"));
}

// In place of the selection, as a paragraph of its own.
function insert(text, markdown) {
  const before = text.value.slice(0, text.selectionStart);
  const after = text.value.slice(text.selectionEnd);
  const start = before.trim() === "" ? "" : "\n\n".slice(/\n{0,2}$/.exec(before)[0].length);
  const end = "\n\n".slice(/^\n{0,2}/.exec(after)[0].length);
  text.setRangeText(`${start}${markdown}${end}`, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new Event("input", { bubbles: true })); // keep.js stores it
  text.focus();
}
