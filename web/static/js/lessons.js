// The list of lessons: its order by dragging, and fresh figures while something is being encoded.
import htmx from "htmx.org";
import { enhance } from "skillstudio/enhance.js";

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

function save(list) {
  const lessons = order(list);
  if (lessons.join() === list.dataset.known) return;
  show("POST", list.dataset.order, { lesson: lessons });
}

// The list as the server has it now, in place of the one on the page.
function show(method, path, values) {
  return htmx.ajax(method, path, { target: "#lessons", select: "#lessons", swap: "outerHTML", values });
}

enhance("[data-refresh]", (section) => {
  const timer = setInterval(() => {
    if (!section.isConnected) return clearInterval(timer);
    const inUse = section.querySelector("details[open], [data-dragging], :focus-visible");
    if (!document.hidden && !inUse) show("GET", location.pathname);
  }, section.dataset.refresh * 1000);
});
