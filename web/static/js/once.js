// A form is sent once: its button rests until the answer is there.
document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || form.target === "_blank") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  submitter?.setAttribute("aria-busy", "true");
});

// The page may come back from the history with the mark still on it.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
document.addEventListener("htmx:after:request", (event) => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
