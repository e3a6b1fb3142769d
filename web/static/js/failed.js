// Failed htmx requests: the page stays as it is and shows a toast.
import { removeToast, showToast } from "skillstudio/toasts.js";

const GONE = [403, 404]; // deleted, withdrawn, or no longer theirs
const UNFINISHED_UPLOADS = "[data-panels] .upload:not([data-state=done])";

document.addEventListener("htmx:error", () => showNotice("failed"));
document.addEventListener("htmx:response:error", (event) => {
  if (isError(event)) showNotice(GONE.includes(event.detail.ctx?.response?.status) ? "gone" : "failed");
});

// Error pages are not swapped in.
document.addEventListener("htmx:before:swap", (event) => isError(event) && event.preventDefault());

// An expired session: sign-in returns here. A form whose text is kept is submitted without htmx, which shows the
// sign-in page that carries the text; any other request is redirected to sign in, and the page is reloaded. With
// unfinished uploads the page stays, since leaving it would lose the chosen files.
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  const answer = ctx.response.raw;
  const redirected = answer.redirected && new URL(answer.url).pathname === "/sign-in";
  if (!redirected && answer.status !== 401) return answer.ok && clearNotice();
  event.preventDefault();
  if (document.querySelector(UNFINISHED_UPLOADS)) showNotice("signed-out");
  else if (answer.status === 401 && ctx.request.form) HTMLFormElement.prototype.submit.call(ctx.request.form);
  else location.reload();
});

addEventListener("offline", () => showNotice("offline"));
addEventListener("online", () => remove("[data-offline]"));

// Shows the notice in template#`what`, in place of another one. Not while offline, which explains every other
// failure, and not twice.
export function showNotice(what) {
  if (document.querySelector(`.toast[data-offline], .toast[data-failed="${what}"]`)) return;
  clearNotice();
  showToast(document.querySelector(`template#${what}`).content.firstElementChild.cloneNode(true));
}

export function clearNotice() {
  remove("[data-failed]");
}

function remove(selector) {
  for (const toast of document.querySelectorAll(`.toast${selector}`)) removeToast(toast);
}

// Swapped in although refused: 422, a form with its errors, and a form with both texts of a save over a later one.
function isError(event) {
  const { response, text = "" } = event.detail.ctx ?? {};
  const form = response?.status === 422 || (response?.status === 409 && text.includes("data-conflict"));
  return response?.status >= 400 && !form;
}
