// Failed htmx requests: the page stays as it is and shows a notice.
const UNFINISHED_UPLOADS = "[data-panels] .upload:not([data-state=done])";

document.addEventListener("htmx:error", () => showNotice("failed"));
document.addEventListener("htmx:response:error", (event) => isError(event) && showNotice("failed"));

// Error pages are not swapped in: their empty #flash would replace the notice.
document.addEventListener("htmx:before:swap", (event) => isError(event) && event.preventDefault());

// An expired session redirects to the sign-in page: reload, so that signing in returns here. With unfinished
// uploads the page stays, since leaving it would lose the chosen files.
document.addEventListener("htmx:after:request", (event) => {
  const answer = event.detail.ctx.response.raw;
  if (!answer.redirected || new URL(answer.url).pathname !== "/sign-in") return answer.ok && clearNotice();
  event.preventDefault();
  if (document.querySelector(UNFINISHED_UPLOADS)) showNotice("signed-out");
  else location.reload();
});

addEventListener("offline", () => showNotice("offline"));
addEventListener("online", () => document.querySelector("#flash [data-offline]")?.remove());

// Shows the notice in template#`what`. Not while offline, which explains every other failure, and not twice in
// a row.
export function showNotice(what) {
  const place = document.querySelector("#flash");
  if (place.querySelector(`[data-offline], [data-failed="${what}"]`)) return;
  place.replaceChildren(document.querySelector(`template#${what}`).content.cloneNode(true));
}

export function clearNotice() {
  document.querySelector("#flash [data-failed]")?.remove();
}

// 422 is a form with its errors, which is swapped in.
function isError(event) {
  const status = event.detail.ctx?.response?.status;
  return status >= 400 && status !== 422;
}
