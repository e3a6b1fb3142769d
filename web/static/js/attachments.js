// Upload of several attachments at once, one after the other. Without this script the form takes one at a time.
import "skillstudio/page.js";
import { enhance } from "skillstudio/enhance.js";
import { refresh } from "skillstudio/refresh.js";
import { sendFile } from "skillstudio/send-file.js";

enhance("form[data-attach]", (form) => {
  const input = form.querySelector("input[type=file]");
  input.multiple = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, input);
  });
});

async function send(form, input) {
  const status = form.querySelector("[data-attach-status]");
  const problem = form.querySelector("[data-attach-problem]");
  const button = form.querySelector("button");
  const show = (element, text) => {
    (element.querySelector("span") ?? element).textContent = text;
    element.hidden = !text;
  };
  button.disabled = true;
  show(problem, "");
  for (const file of [...input.files]) {
    show(status, form.dataset.textSending.replace("{name}", file.name));
    try {
      await sendFile(form.dataset.attach, file);
    } catch (refused) {
      const reason = refused.message ? `${file.name}: ${refused.message}` : form.dataset.textFailed.replace("{name}", file.name);
      show(status, "");
      show(problem, reason);
      button.disabled = false;
      return;
    }
  }
  refresh(form.closest("section"));
}
