// Messages at the bottom of the page. They move into live regions that are in the page before them, which makes
// screen readers announce them. Success and information leave by themselves, unless they hold an action.
import { enhance } from "skillstudio/enhance.js";

const LEAVE_MS = 6000;
const MS_A_LETTER = 60;
const GAP_PX = 12;

const stack = document.querySelector("[data-toasts]");
const shown = []; // oldest first
let cameFrom = null; // element that had the focus before a toast

export function showToast(toast) {
  const urgent = ["warning", "danger"].includes(toast.dataset.toast);
  toast.removeAttribute("role"); // that of the region counts
  for (const button of toast.querySelectorAll("[data-dismiss]")) button.hidden = false;
  stack.querySelector(`[data-toast-region="${urgent ? "alert" : "status"}"]`).append(toast);
  shown.push(toast);
  if (!urgent && !toast.querySelector("form, a")) leaveLater(toast);
  uncover();
}

export function removeToast(toast) {
  const focused = toast.contains(document.activeElement);
  toast.remove();
  shown.splice(shown.indexOf(toast), 1);
  if (focused) (shown.at(-1)?.querySelector("[data-dismiss]") ?? backTo()).focus();
}

// A toast that is in use, or in a window that nobody sees, waits.
function leaveLater(toast) {
  const inUse = () => document.hidden || stack.matches(":hover, :focus-within");
  const wait = LEAVE_MS + MS_A_LETTER * toast.textContent.trim().length;
  setTimeout(() => toast.isConnected && (inUse() ? leaveLater(toast) : removeToast(toast)), wait);
}

function backTo() {
  return cameFrom?.isConnected ? cameFrom : document.querySelector("main");
}

// The messages of a response: at once after a swap. In a new page after the first frame, since a region has to be
// known to the screen reader before its text arrives; there the message is visible already and does not move.
let firstPage = true;
enhance("#flash", (flash) => {
  const still = firstPage;
  const move = () => {
    for (const toast of [...flash.children]) {
      toast.toggleAttribute("data-still", still);
      showToast(toast);
    }
  };
  if (still) requestAnimationFrame(() => requestAnimationFrame(move));
  else move();
});
firstPage = false;

stack.addEventListener("focusin", ({ relatedTarget }) => {
  if (relatedTarget && !stack.contains(relatedTarget)) cameFrom = relatedTarget;
});
stack.addEventListener("click", ({ target }) => {
  const toast = target.closest("[data-dismiss]")?.closest(".toast");
  if (toast) removeToast(toast);
});

// Escape dismisses the newest toast, unless it has another meaning where the focus is.
document.addEventListener("keydown", (event) => {
  const other = event.target.closest("[data-menu][open], [type=search], media-controller");
  if (event.key !== "Escape" || event.defaultPrevented || other) return;
  if (document.querySelector("dialog[open]") || document.fullscreenElement) return;
  const toast = document.activeElement.closest(".toast") ?? shown.at(-1);
  if (toast) removeToast(toast);
});

// The page gets as much room at its end as the toasts take, and the focused field is never below them.
new ResizeObserver(() => {
  document.documentElement.style.setProperty("--toasts", `${shown.length ? stack.offsetHeight + GAP_PX : 0}px`);
  uncover();
}).observe(stack);
document.addEventListener("focusin", uncover);

function uncover() {
  const focused = document.activeElement;
  if (!shown.length || !focused || focused === document.body || stack.contains(focused)) return;
  if (focused.matches("main") || focused.closest("dialog, .bar")) return;
  const [field, toasts] = [focused.getBoundingClientRect(), stack.getBoundingClientRect()];
  const covered = field.bottom + GAP_PX - toasts.top;
  if (covered > 0 && field.top < toasts.bottom) scrollBy(0, Math.min(covered, Math.max(0, field.top - 80)));
}

// An on-screen keyboard lies over the page: the toasts stand above it.
visualViewport?.addEventListener("resize", () => {
  const hidden = innerHeight - visualViewport.height * visualViewport.scale;
  document.documentElement.style.setProperty("--keyboard", `${Math.max(0, Math.round(hidden))}px`);
});
