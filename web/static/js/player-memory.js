// Speed, sound and captions of the last lecture, kept in this browser. Without storage every lecture starts with the
// defaults.
const KEY = "skillstudio-player";
const SLOWEST = 0.25;
const FASTEST = 4;
const CAPTIONS = ["captions", "subtitles"];

export function remember(controller, video) {
  const { rate, volume, muted, captions } = read();
  if (rate >= SLOWEST && rate <= FASTEST) Object.assign(video, { defaultPlaybackRate: rate, playbackRate: rate });
  if (volume >= 0 && volume <= 1) video.volume = volume;
  if (muted === true) video.muted = true;
  if (captions === false) controller.removeAttribute("defaultsubtitles");
  video.addEventListener("ratechange", () => {
    video.defaultPlaybackRate = video.playbackRate; // a new source starts with the default
    write({ rate: video.playbackRate });
  });
  video.addEventListener("volumechange", () => write({ volume: video.volume, muted: video.muted }));
  // The request is answered after this event; a track that is switched on by default asks nothing.
  controller.addEventListener("mediatogglesubtitlesrequest", () => setTimeout(() => write({ captions: shows(video) })));
}

function shows(video) {
  return [...video.textTracks].some(({ kind, mode }) => CAPTIONS.includes(kind) && mode === "showing");
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // storage is forbidden, or holds something else
  }
}

function write(changed) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...read(), ...changed }));
  } catch {
    // Full or forbidden: kept in this page only.
  }
}
