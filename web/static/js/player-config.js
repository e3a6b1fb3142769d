// Configuration of hls.js: nothing is loaded before Play, and the buffer is bounded.
import { device } from "skillstudio/device.js";

const MEGABYTE = 1e6;
// Seconds: at least, at most, behind the position. A phone pays for what is loaded and not watched.
const BUFFERS = {
  phone: { maxBufferLength: 15, maxMaxBufferLength: 30, backBufferLength: 15, maxBufferSize: 15 * MEGABYTE },
  tablet: { maxBufferLength: 30, maxMaxBufferLength: 60, backBufferLength: 30, maxBufferSize: 30 * MEGABYTE },
  desktop: { maxBufferLength: 30, maxMaxBufferLength: 120, backBufferLength: 60, maxBufferSize: 60 * MEGABYTE },
};

export function hlsConfig(startPosition) {
  const kind = device();
  return {
    ...BUFFERS[kind],
    startPosition, // a growing lecture starts at its beginning, not at the live edge
    autoStartLoad: false,
    liveDurationInfinity: false,
    capLevelToPlayerSize: kind === "phone", // for the automatic choice only
    enableWorker: false, // fMP4 is passed on as it is; the worker's script would be 40 kB more before the first frame
    testBandwidth: false, // its first segment would be thrown away
  };
}
