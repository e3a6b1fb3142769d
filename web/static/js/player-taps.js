// Double tap on the left or right third of the video: ten seconds back or forward, and ten more by each further tap.
const STEP_SECONDS = 10;
const BETWEEN_MS = 350;
const APART_PX = 60;

export function listenToTaps(controller, skip) {
  let last;
  controller.addEventListener("pointerup", (event) => {
    const [target] = event.composedPath();
    if (event.pointerType !== "touch" || !["video", "media-controller"].includes(target.localName)) return;
    const tap = { at: event.timeStamp, x: event.clientX, y: event.clientY };
    const again = last && tap.at - last.at < BETWEEN_MS && Math.hypot(tap.x - last.x, tap.y - last.y) < APART_PX;
    last = tap;
    if (!again) return;
    const { left, width } = controller.getBoundingClientRect();
    const place = (tap.x - left) / width;
    if (place < 1 / 3) skip(-STEP_SECONDS);
    else if (place > 2 / 3) skip(STEP_SECONDS);
  });
}
