// Progressive enhancement: runs `behaviour` once on each matching element, now and after each htmx swap.
export function enhance(selector, behaviour) {
  const enhanced = new WeakSet();
  const scan = (root) => {
    const found = [...root.querySelectorAll(selector)];
    if (root.matches?.(selector)) found.unshift(root);
    for (const element of found) {
      if (enhanced.has(element)) continue;
      enhanced.add(element);
      behaviour(element);
    }
  };
  scan(document);
  document.addEventListener("htmx:after:swap", () => scan(document));
}
