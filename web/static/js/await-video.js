// Page without a video: asks every few seconds and shows the page anew when there is one. data-await-video: address of
// the playback document; data-state: what the page shows. It says why when the lesson is no longer theirs.
import { enhance } from "skillstudio/enhance.js";

const ASK_MS = 10_000;
const NO_LONGER = [401, 403, 404]; // signed out, no longer enrolled, deleted
const FIELD = "input, textarea, select";

enhance("[data-await-video]", (notice) => {
  const { awaitVideo, state } = notice.dataset;
  const ask = async () => {
    if (!document.hidden && !document.activeElement?.matches(FIELD)) {
      const answer = await fetch(awaitVideo, { headers: { accept: "application/json" } }).catch(() => undefined);
      const changed = NO_LONGER.includes(answer?.status) || (answer?.ok && (await answer.json()).state !== state);
      if (changed) return location.reload();
    }
    setTimeout(ask, ASK_MS);
  };
  setTimeout(ask, ASK_MS);
});
