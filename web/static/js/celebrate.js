// XP, levels and achievements as they are earned: asked for once after something was, and shown as a message. The server
// gives each level and achievement to one page of a person, so that no other device celebrates it again.
// [data-earned]: this page knows that something was; other scripts say so by the event "skillstudio:earned".
import { enhance } from "skillstudio/enhance.js";
import { showToast } from "skillstudio/toasts.js";

const URL_OF = "/api/gamification/celebrations";
const KEY = "skillstudio-earned:"; // and the person: up to where XP was shown in this browser

let asking = Promise.resolve(); // one request after the other: each begins where the last one ended

document.addEventListener("skillstudio:earned", later);
enhance("[data-earned]", later);

function later() {
  const modal = document.querySelector("dialog:modal"); // of a quiz in the video: nothing behind it is seen or read out
  if (modal) return modal.addEventListener("close", later, { once: true });
  const { person } = document.documentElement.dataset;
  if (person) asking = asking.then(() => ask(KEY + person)).catch(() => {}); // the network is away: nothing is shown
}

async function ask(key) {
  const answer = await fetch(URL_OF, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ since: stored(key) }),
  });
  if (!answer.ok) return;
  const earned = await answer.json();
  store(key, earned.cursor);
  if (earned.message || earned.level_message) celebrate(earned);
}

function celebrate({ message, level_message, level_up, achievements }) {
  const toast = document.querySelector("template#earned").content.firstElementChild.cloneNode(true);
  toast.toggleAttribute("data-great", level_up || achievements.length > 0);
  toast.querySelector("p").textContent = [message, level_message].filter(Boolean).join(" · ");
  showToast(toast);
}

function stored(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return ""; // the storage is forbidden
  }
}

function store(key, cursor) {
  try {
    localStorage.setItem(key, cursor);
  } catch {
    // The storage is full or forbidden: what was shown may be shown again within two minutes.
  }
}
