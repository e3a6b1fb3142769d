// A section with an id and data-refresh="seconds" keeps itself fresh, unless somebody is busy in it.
import htmx from "htmx.org";
import { enhance } from "skillstudio/enhance.js";

const IN_USE = "details[open], [data-dragging], :focus-visible";

enhance("[data-refresh]", (section) => {
  const timer = setInterval(() => {
    if (!section.isConnected) return clearInterval(timer);
    if (!document.hidden && !section.querySelector(IN_USE)) refresh(section);
  }, section.dataset.refresh * 1000);
});

// The section as the server has it now, in place of the one on the page. data-refresh-also names what changes
// with it; data-refresh-from its page, where a form that was refused may stand at an address of its own.
export function refresh(section) {
  const part = `#${section.id}`;
  const also = (section.dataset.refreshAlso ?? "").split(",").filter((other) => other && !inUse(other));
  const options = { target: part, select: part, selectOOB: also.join(), swap: "outerHTML" };
  return htmx.ajax("GET", section.dataset.refreshFrom ?? location.pathname, options);
}

function inUse(selector) {
  return document.querySelector(selector)?.matches("[open], :focus-within");
}
