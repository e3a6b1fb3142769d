// Run `behaviour` on each element that matches, now and in whatever htmx brings later.
export function enhance(selector, behaviour) {
  const seen = new WeakSet();
  const look = (root) => {
    const found = [...root.querySelectorAll(selector)];
    if (root.matches?.(selector)) found.unshift(root);
    for (const element of found) {
      if (seen.has(element)) continue;
      seen.add(element);
      behaviour(element);
    }
  };
  look(document);
  document.addEventListener("htmx:after:swap", () => look(document));
}
