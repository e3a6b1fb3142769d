// Double submission guard: a form is sent once; its button is busy until the response arrives.
document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || form.target === "_blank") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  submitter?.setAttribute("aria-busy", "true");
});

// The mark is removed when the page is restored from the history, and when leaving it was declined in the
// beforeunload dialog. The dialog's result is not reported, but timers run only after it was closed.
addEventListener("pageshow", release);
addEventListener("beforeunload", (event) => setTimeout(() => event.defaultPrevented && release()));
document.addEventListener("htmx:after:request", release);

function release() {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
}
