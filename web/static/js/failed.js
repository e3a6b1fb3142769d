// What htmx asks for can fail too: the page stays as it is and says so.
const UNDER_WAY = "[data-panels] .upload:not([data-state=done])";

document.addEventListener("htmx:error", () => say("failed"));
document.addEventListener("htmx:response:error", (event) => refused(event) && say("failed"));

// The page of a problem has nothing to put here, not even its empty place for messages.
document.addEventListener("htmx:before:swap", (event) => refused(event) && event.preventDefault());

// A session that has ended answers with the sign-in page: go there, and back again afterwards. Whoever
// sends files stays: the browser would let go of them.
document.addEventListener("htmx:after:request", (event) => {
  const answer = event.detail.ctx.response.raw;
  if (!answer.redirected || new URL(answer.url).pathname !== "/sign-in") return answer.ok && allIsWell();
  event.preventDefault();
  if (document.querySelector(UNDER_WAY)) say("signed-out");
  else location.reload();
});

addEventListener("offline", () => say("offline"));
addEventListener("online", () => document.querySelector("#flash [data-offline]")?.remove());

// Puts the words of template#`what` among the messages. Being offline explains whatever else fails, and
// the same is not said twice in a row.
export function say(what) {
  const place = document.querySelector("#flash");
  if (place.querySelector(`[data-offline], [data-failed="${what}"]`)) return;
  place.replaceChildren(document.querySelector(`template#${what}`).content.cloneNode(true));
}

export function allIsWell() {
  document.querySelector("#flash [data-failed]")?.remove();
}

// 422 is a form with its errors, which is shown.
function refused(event) {
  const status = event.detail.ctx?.response?.status;
  return status >= 400 && status !== 422;
}
