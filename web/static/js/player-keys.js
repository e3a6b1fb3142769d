// Keys of the player, wherever the focus is, except in fields, menus and dialogs. The list for people is in
// templates/playback/help.html.
const STEP_SECONDS = 10;
const VOLUME_STEP = 0.05;
const FRAME_RATE = 25; // of a video that does not name its own
const RATES = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];

const FIELD = "input:not([type=range]), textarea, select, [contenteditable]:not([contenteditable=false]), [role=textbox]";
const OWN_KEYS = "media-settings-menu, dialog[open], [data-menu][open]"; // elements with keys of their own
const PRESSED = "button, summary, a[href], [role=button]"; // by the space bar
const RANGE_KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"];
const PAGE_KEYS = [" ", "Home", "End"]; // scroll the page while the player is out of sight
const PLAYER_ONLY = ["ArrowUp", "ArrowDown"]; // scroll the page unless the focus is in the player

export class Keys {
  constructor(player, { controller, video, help }) {
    Object.assign(this, { player, controller, video, help });
    document.addEventListener("keydown", (event) => this.onKey(event));
  }

  onKey(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const path = event.composedPath().filter((node) => node instanceof Element);
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (document.querySelector("dialog[open]") || this.isOthers(key, path)) return;
    const action = this.actions[key] ?? (/^[0-9]$/.test(key) ? () => this.jump(Number(key) / 10) : undefined);
    if (!action) return;
    event.preventDefault();
    action(event.repeat);
  }

  // Whether the key has another meaning where the focus is.
  isOthers(key, path) {
    const inPlayer = path.includes(this.controller) || Boolean(document.fullscreenElement);
    if (path.some((node) => node.matches(FIELD) || node.matches(OWN_KEYS))) return true;
    if (path[0]?.matches("[type=range]") && RANGE_KEYS.includes(key)) return true;
    if (key === " " && path.some((node) => node.matches(PRESSED))) return true;
    return (!inPlayer && PLAYER_ONLY.includes(key)) || (!inPlayer && PAGE_KEYS.includes(key) && !this.isInSight);
  }

  get isInSight() {
    const { top, bottom } = this.controller.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  }

  actions = {
    " ": (repeated) => repeated || this.player.toggle(),
    k: (repeated) => repeated || this.player.toggle(),
    j: () => this.player.skip(-STEP_SECONDS),
    l: () => this.player.skip(STEP_SECONDS),
    ArrowLeft: () => this.player.skip(-STEP_SECONDS),
    ArrowRight: () => this.player.skip(STEP_SECONDS),
    ArrowUp: () => this.changeVolume(VOLUME_STEP),
    ArrowDown: () => this.changeVolume(-VOLUME_STEP),
    Home: () => this.jump(0),
    End: () => this.jump(1),
    ",": () => this.step(-1),
    ".": () => this.step(1),
    "<": () => this.changeRate(-1),
    ">": () => this.changeRate(1),
    m: (repeated) => repeated || this.request(this.isSilent ? "mediaunmuterequest" : "mediamuterequest"),
    c: (repeated) => repeated || this.request("mediatogglesubtitlesrequest"),
    f: (repeated) =>
      repeated || this.request(document.fullscreenElement ? "mediaexitfullscreenrequest" : "mediaenterfullscreenrequest"),
    "?": () => this.help?.showModal(),
  };

  get isSilent() {
    return this.video.muted || this.video.volume === 0;
  }

  request(name) {
    this.controller.dispatchEvent(new CustomEvent(name, { composed: true, bubbles: true }));
  }

  jump(share) {
    this.player.seek(this.player.duration * share);
  }

  step(frames) {
    const { api, paused } = this.video;
    const rate = api?.levels?.[api.currentLevel]?.frameRate || FRAME_RATE;
    if (paused) this.player.seek(this.player.position + frames / rate);
  }

  changeVolume(by) {
    this.video.volume = Math.min(1, Math.max(0, this.video.volume + by));
  }

  changeRate(by) {
    const { playbackRate } = this.video;
    const others = by > 0 ? RATES.filter((rate) => rate > playbackRate) : RATES.filter((rate) => rate < playbackRate).reverse();
    if (others.length) this.video.playbackRate = others[0];
  }
}
