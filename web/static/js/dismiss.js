// Messages that one can put away.
import { enhance } from "skillstudio/enhance.js";

enhance("[data-dismiss]", (button) => {
  button.hidden = false;
  button.addEventListener("click", () => button.closest("[data-dismissable]").remove());
});
