// Figures of the current day, kept up to date by the server's events. Without a script they are those of the page.
import "skillstudio/page.js";
import { enhance } from "skillstudio/enhance.js";

enhance("[data-today]", (card) => {
  const source = new EventSource(card.dataset.today);
  source.addEventListener("message", (event) => {
    const { figures, as_of: asOf } = JSON.parse(event.data);
    for (const element of card.querySelectorAll("[data-figure]")) show(element, figures[element.dataset.figure]);
    card.querySelector("[data-as-of]").textContent = asOf;
  });
  addEventListener("pagehide", () => source.close());
});

function show(element, text) {
  if (text === undefined || element.textContent === text) return;
  element.textContent = text;
  element.toggleAttribute("data-changed", false);
  requestAnimationFrame(() => element.toggleAttribute("data-changed", true));
}
