// A form that came back refused on a new page: its first error may lie far below the top, so the view and the focus
// go there. Forms that htmx swaps in are in view already, and a dialog has taken the focus before.
const ERRORS = "main :is(form [role=alert], [aria-invalid=true], .field-error)";

const first = [...document.querySelectorAll(ERRORS)].find((element) => element.checkVisibility());
if (first && document.activeElement === document.body) {
  if (!first.matches("input, select, textarea")) first.tabIndex = -1;
  first.focus({ preventScroll: true });
  first.scrollIntoView({ block: "center" });
}
