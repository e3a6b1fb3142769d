// Reordering of lessons by dragging. Without JavaScript, the buttons in each row do it.
import "skillstudio/page.js";
import { enhance } from "skillstudio/enhance.js";
import { refresh } from "skillstudio/refresh.js";

enhance("[data-order]", (list) => {
  let dragged = null;
  for (const grip of list.querySelectorAll("[data-grip]")) {
    const row = grip.closest("[data-lesson]");
    grip.hidden = list.children.length < 2;
    grip.draggable = true;
    grip.addEventListener("dragstart", (event) => {
      dragged = row;
      row.dataset.dragging = "";
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setDragImage(row, 16, row.offsetHeight / 2);
    });
    grip.addEventListener("dragend", () => {
      delete row.dataset.dragging;
      dragged = null;
      save(list);
    });
  }
  list.addEventListener("dragover", (event) => {
    const over = event.target.closest("[data-lesson]");
    if (!dragged) return;
    event.preventDefault();
    if (over && over !== dragged) place(dragged, over, event.clientY);
  });
  list.addEventListener("drop", (event) => event.preventDefault());
  list.dataset.known = order(list).join();
});

function place(row, over, y) {
  const { top, height } = over.getBoundingClientRect();
  if (y < top + height / 2) over.before(row);
  else over.after(row);
}

function order(list) {
  return [...list.querySelectorAll("[data-lesson]")].map((row) => row.dataset.lesson);
}

// Saves the order, then shows the server's list, whether saving succeeded or not.
async function save(list) {
  const lessons = order(list);
  if (lessons.join() === list.dataset.known) return;
  const body = new URLSearchParams(lessons.map((lesson) => ["lesson", lesson]));
  await fetch(list.dataset.order, { method: "POST", body, redirect: "manual" }).catch(() => {});
  refresh(list.closest("section"));
}
