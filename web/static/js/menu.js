// A menu made of <details> closes on Escape and on a click elsewhere.
import { enhance } from "skillstudio/enhance.js";

enhance("[data-menu]", (menu) => {
  const close = () => menu.removeAttribute("open");
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    close();
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => menu.contains(event.target) || close());
});
