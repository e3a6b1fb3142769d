// What htmx asks for can fail too: the page stays as it is and says so. base.html lists which answers it leaves alone.
document.addEventListener("htmx:error", () => say("failed"));
document.addEventListener("htmx:response:error", (event) => {
  if (event.detail.ctx.response.status !== 422) say("failed"); // 422 is a form with its errors, which is shown
});

// A session that has ended answers with the sign-in page: go there, and back again afterwards.
document.addEventListener("htmx:after:request", (event) => {
  const answer = event.detail.ctx.response.raw;
  if (!answer.redirected || new URL(answer.url).pathname !== "/sign-in") return;
  event.preventDefault();
  location.reload();
});

addEventListener("offline", () => say("offline"));
addEventListener("online", () => document.querySelector("[data-offline]")?.remove());

function say(what) {
  const message = document.querySelector(`template#${what}`).content.cloneNode(true);
  document.querySelector("#flash").replaceChildren(message);
}
