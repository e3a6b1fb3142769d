// Behaviours of every page, selected in the markup by data-* attributes.
import "htmx.org/dist/htmx.esm.min.js";
import "skillstudio/await-video.js";
import "skillstudio/celebrate.js";
import "skillstudio/dialog.js";
import "skillstudio/conflict.js";
import "skillstudio/failed.js";
import "skillstudio/in-view.js";
import "skillstudio/keep.js";
import "skillstudio/menu.js";
import "skillstudio/once.js";
import "skillstudio/refused.js";
import "skillstudio/tick.js";
import "skillstudio/toasts.js";

export { refresh } from "skillstudio/refresh.js";
