// A form is sent once: its button rests until the answer is there.
document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || form.target === "_blank") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  submitter?.setAttribute("aria-busy", "true");
});

// The page may come back from the history with the mark still on it, or be kept by whoever is asked
// about leaving it. Nothing tells what the answer was; a timer runs once it is given.
addEventListener("pageshow", release);
addEventListener("beforeunload", (event) => setTimeout(() => event.defaultPrevented && release()));
document.addEventListener("htmx:after:request", release);

function release() {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
}
