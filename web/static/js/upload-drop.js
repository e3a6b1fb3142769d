// Drop zone for files; its button opens the file dialog. `onFiles` gets a list of File.
export function dropZone(zone, onFiles) {
  const input = zone.querySelector("input[type=file]");
  let depth = 0; // dragenter and dragleave also bubble from child elements

  const mark = (over) => zone.toggleAttribute("data-over", over);
  const take = (files) => files.length && onFiles([...files]);

  zone.hidden = false;
  zone.querySelector("[data-choose]").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take(input.files);
    input.value = ""; // the same file can be chosen again
  });
  zone.addEventListener("dragenter", () => mark(++depth > 0));
  zone.addEventListener("dragleave", () => mark(--depth > 0));
  zone.addEventListener("dragover", (event) => event.preventDefault());
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    mark(false);
    take(event.dataTransfer.files);
  });
}

// A file dropped outside the zone would replace the page and end all running uploads.
for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());

// Leave confirmation while `busy()`.
export function guardLeaving(busy) {
  addEventListener("beforeunload", (event) => busy() && event.preventDefault());
}
