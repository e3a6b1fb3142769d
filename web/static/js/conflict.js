// Both texts of a refused save: the focus goes there, also after a swap, so that they are read first.
import { enhance } from "skillstudio/enhance.js";

enhance("[data-conflict]", (section) => {
  section.focus({ preventScroll: true });
  section.scrollIntoView({ block: "start" });
});
