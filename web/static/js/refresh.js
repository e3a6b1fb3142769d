// Polling sections: data-refresh="seconds" on a section with an id, paused while the section is in use.
import htmx from "htmx.org/dist/htmx.esm.min.js";
import { enhance } from "skillstudio/enhance.js";

const IN_USE = "details[open], [data-dragging], :focus-visible";

enhance("[data-refresh]", (section) => {
  const timer = setInterval(() => {
    if (!section.isConnected) return clearInterval(timer);
    if (!document.hidden && !section.querySelector(IN_USE) && isWanted(section)) refresh(section);
  }, section.dataset.refresh * 1000);
});

// Replaces the section by the server's current one. data-refresh-also: selectors of elements that change with it;
// data-refresh-from: the section's page, if the current address may be that of a refused form.
export function refresh(section) {
  const part = `#${section.id}`;
  const also = (section.dataset.refreshAlso ?? "").split(",").filter((other) => other && !inUse(other));
  const options = { target: part, select: part, selectOOB: also.join(), swap: "outerHTML" };
  return htmx.ajax("GET", section.dataset.refreshFrom ?? location.pathname, options);
}

// data-refresh-in-view: a section that many people have open is reloaded only while it is on their screen.
function isWanted(section) {
  if (!("refreshInView" in section.dataset)) return true;
  const { top, bottom } = section.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

function inUse(selector) {
  return document.querySelector(selector)?.matches("[open], :focus-within");
}
