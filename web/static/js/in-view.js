// Lists that scroll by themselves: the current entry of [data-current-in-view] is brought into the middle of the list;
// the page stays where it is.
import { enhance } from "skillstudio/enhance.js";

enhance("[data-current-in-view]", (list) => {
  const current = list.querySelector("[aria-current]");
  if (!current) return;
  const [entry, frame] = [current.getBoundingClientRect(), list.getBoundingClientRect()];
  list.scrollTop += entry.top - frame.top - (frame.height - entry.height) / 2;
});
