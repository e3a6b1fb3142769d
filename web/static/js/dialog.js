// Modal dialogs: <details data-dialog> shows its body as one. Its forms keep their place in the page's order.
import { enhance } from "skillstudio/enhance.js";

enhance("details[data-dialog]", (details) => {
  const body = details.querySelector(".dialog-body");
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", body.getAttribute("aria-labelledby"));
  dialog.append(closer(dialog), ...body.childNodes);
  body.replaceWith(dialog);
  dialog.addEventListener("close", () => details.removeAttribute("open"));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  details.addEventListener("toggle", () => show(details, dialog));
  show(details, dialog);
});

function show(details, dialog) {
  if (!details.open || dialog.open) return;
  dialog.showModal();
  dialog.querySelector("[aria-invalid], input:not([type=hidden]), textarea")?.focus();
}

function closer(dialog) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-quiet button-icon dialog-close";
  button.setAttribute("aria-label", document.documentElement.dataset.textClose);
  button.append(...document.querySelector("template#icon-x").content.cloneNode(true).childNodes);
  button.addEventListener("click", () => dialog.close());
  return button;
}
