// Configuration of hls.js: nothing is loaded before Play, and the buffer is bounded.
import { device } from "skillstudio/device.js";

const MEGABYTE = 1e6;
const SHORT_SECONDS = 13;
const STEP_BYTES = 32 * 1024;
const MEASURED_BYTES = 50_000; // a smaller file tells more of the latency than of the bandwidth
// Seconds: at least, at most, behind the position. A phone pays for what is loaded and not watched.
const BUFFERS = {
  phone: { maxBufferLength: 15, maxMaxBufferLength: 30, backBufferLength: 15, maxBufferSize: 15 * MEGABYTE },
  tablet: { maxBufferLength: 30, maxMaxBufferLength: 60, backBufferLength: 30, maxBufferSize: 30 * MEGABYTE },
  desktop: { maxBufferLength: 30, maxMaxBufferLength: 120, backBufferLength: 60, maxBufferSize: 60 * MEGABYTE },
};

// `seconds`: duration of the whole lecture.
export function hlsConfig(startPosition, seconds) {
  const kind = device();
  return {
    ...BUFFERS[kind],
    startPosition, // a growing lecture starts at its beginning, not at the live edge
    autoStartLoad: false,
    liveDurationInfinity: false,
    capLevelToPlayerSize: kind === "phone", // for the automatic choice only
    enableWorker: false, // fMP4 is passed on as it is; the worker's script would be 40 kB more before the first frame
    testBandwidth: false, // its first segment would be thrown away
    ...bandwidth(),
    maxStarvationDelay: 10, // seconds that the first segment of a better rendition may take
    // A keyframe interval is shown as soon as it has arrived, not the whole segment of six seconds. Not in a lecture
    // of a segment or two: hls.js takes the first segment for a gap when its later parts arrive by themselves, and
    // where that is the last one as well, the lecture does not end.
    progressive: seconds > SHORT_SECONDS,
    fLoader: SegmentLoader,
  };
}

// hls.js says that nothing follows only when something has been played, and a browser does not begin with the very last
// frame before it knows that nothing follows: a lecture of one frame, or a start in the last one, would wait for ever.
export function tellTheEnd(api) {
  const ends = new Set();
  api.on("hlsFragBuffered", (_name, { frag }) => {
    if (!frag.endList) return;
    ends.add(frag.type);
    const { media } = api;
    const all = ends.has("main") && (ends.has("audio") || !api.audioTracks.length);
    if (!all || !media || media.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) return;
    const { buffered, currentTime } = media;
    if (buffered.length && buffered.start(buffered.length - 1) <= currentTime) api.trigger("hlsBufferEos", {});
  });
}

// Two faults of hls.js 1.7.4 with segments that are taken as they arrive (`progressive`).
export function keepOrder(api) {
  const streams = (type) => api.networkControllers.filter((controller) => controller.playlistType === type);
  // Of what has arrived it keeps the incomplete end. When a seek ends the load, it would put that end before the next
  // segment, which no browser can append.
  api.on("hlsError", (_name, { details, frag }) => {
    if (details === "aborted" && frag) streams(frag.type).forEach((stream) => stream.resetTransmuxer());
  });
  // Audio that arrives before the first timestamp of the video is kept until the next tick, 100 ms later. What arrived
  // between was taken first, and playback never began: on a slow line, at three of eight starts.
  api.on("hlsInitPtsFound", () => streams("audio").forEach((stream) => stream.tick()));
}

// Where hls.js begins again with an empty buffer, the element has paused: for its error, or without its source.
export function playOn(api, video) {
  let plays = !video.paused;
  video.addEventListener("play", () => (plays = true));
  video.addEventListener("pause", () => (plays &&= Boolean(video.error)));
  api.on("hlsMediaAttached", () => plays && video.play().catch(() => {})); // if autoplay is blocked, it stays paused
}

// Loader of hls.js for streams, with smaller steps: its own are 128 kB, more than a keyframe interval of 480p.
class SegmentLoader {
  constructor(config) {
    const loader = new config.loader(config);
    const load = loader.load.bind(loader);
    loader.load = (context, limits, callbacks) =>
      load(context, { ...limits, highWaterMark: Math.min(limits.highWaterMark, STEP_BYTES) }, callbacks);
    return loader;
  }
}

// First estimate in bit/s, from what this page has loaded itself; hls.js's own is 500 kbit/s.
function bandwidth() {
  const loaded = performance.getEntriesByType("resource").filter((entry) => entry.transferSize > MEASURED_BYTES);
  const rates = loaded.map(({ transferSize, requestStart, responseEnd }) => (8000 * transferSize) / (responseEnd - requestStart));
  return rates.length ? { abrEwmaDefaultEstimate: Math.max(...rates) } : {};
}
