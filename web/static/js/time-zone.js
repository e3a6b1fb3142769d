// Time zone of a form: the browser's is chosen at set-up, and offered where another one is saved.
import "skillstudio/page.js";
import { enhance } from "skillstudio/enhance.js";

enhance("[data-zone]", (element) => {
  const field = element.querySelector("select");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (![...field.options].some((option) => option.value === here)) return;
  if (element.dataset.zone === "choose") {
    field.value = here;
    return;
  }
  const other = element.querySelector("[data-zone-other]");
  if (!other) return;
  const use = element.querySelector("[data-zone-use]");
  use.textContent = here.replaceAll("_", " ");
  const compare = () => {
    other.hidden = field.value === here;
  };
  use.addEventListener("click", () => {
    field.value = here;
    compare();
    field.focus();
  });
  field.addEventListener("change", compare);
  compare();
});
