// Selection of rows: one box ticks all of the page's. Without this script each has its own.
import { enhance } from "skillstudio/enhance.js";

enhance("[data-tick-all]", (label) => {
  const all = label.querySelector("input");
  const boxes = [...label.closest("form").querySelectorAll("[data-tick]")];
  const show = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && !all.checked;
  };
  label.hidden = boxes.length < 2;
  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
  boxes.forEach((box) => box.addEventListener("change", show));
  show();
});
