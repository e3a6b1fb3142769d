// Marks a discussion as read: <form data-seen="lesson"> is sent in the background once it was in view for a while. The
// marks of single posts stay until the next refresh; those of the lesson, [data-unread="lesson"], go at once.
import "skillstudio/page.js";
import { enhance } from "skillstudio/enhance.js";

const READ_MS = 3000;

enhance("form[data-seen]", (form) => {
  let timer;
  const observer = new IntersectionObserver(([entry]) => {
    clearTimeout(timer);
    if (entry.isIntersecting) timer = setTimeout(() => markSeen(form, observer), READ_MS);
  });
  observer.observe(form);
});

async function markSeen(form, observer) {
  if (document.hidden || !form.isConnected) return;
  observer.disconnect();
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" }).catch(() => null);
  if (answer?.type !== "opaqueredirect") return; // the button is still there
  form.hidden = true;
  for (const mark of document.querySelectorAll(`[data-unread="${form.dataset.seen}"]`)) mark.remove();
}
