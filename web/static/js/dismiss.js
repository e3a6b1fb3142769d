// Close buttons of messages.
import { enhance } from "skillstudio/enhance.js";

enhance("[data-dismiss]", (button) => (button.hidden = false));

// Delegated: scripts add messages later (failed.js).
document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest("[data-dismissable]").remove();
});
