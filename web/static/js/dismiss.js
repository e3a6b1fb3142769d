// Messages that one can put away.
import { enhance } from "skillstudio/enhance.js";

enhance("[data-dismiss]", (button) => (button.hidden = false));

// Also those that a script says later.
document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest("[data-dismissable]").remove();
});
