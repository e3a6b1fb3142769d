// Page without a video: asks every few seconds and shows the page anew when there is one. data-await-video: address of
// the playback document; data-state: what the page shows. It says why when the lesson is no longer theirs: a refusal
// shows the page anew once. A page that is still there afterwards would be reloaded for ever, and asks no more.
import { enhance } from "skillstudio/enhance.js";

const ASK_MS = 10_000;
const NO_LONGER = [401, 403, 404]; // signed out, no longer enrolled, deleted
const FIELD = "input, textarea, select";
const REFUSED = "await-video-refused"; // in this tab: address whose refusal has shown the page anew

enhance("[data-await-video]", (notice) => {
  const { awaitVideo, state } = notice.dataset;
  const ask = async () => {
    if (!document.hidden && !document.activeElement?.matches(FIELD)) {
      const answer = await fetch(awaitVideo, { headers: { accept: "application/json" } }).catch(() => undefined);
      if (NO_LONGER.includes(answer?.status)) {
        if (sessionStorage.getItem(REFUSED) === awaitVideo) return;
        sessionStorage.setItem(REFUSED, awaitVideo);
        return location.reload();
      }
      if (answer?.ok) {
        sessionStorage.removeItem(REFUSED);
        if ((await answer.json()).state !== state) return location.reload();
      }
    }
    setTimeout(ask, ASK_MS);
  };
  setTimeout(ask, ASK_MS);
});
