// Transfer rate and time left, from a sliding window of samples.
const WINDOW_MS = 12_000;

export class Rate {
  constructor(now = () => performance.now()) {
    this.now = now;
    this.samples = [];
  }

  add(bytes) {
    const at = this.now();
    this.samples.push({ at, bytes });
    while (this.samples.length > 2 && at - this.samples[0].at > WINDOW_MS) this.samples.shift();
  }

  // Drops the samples: after a pause or a lost connection they say nothing about the rate.
  restart() {
    this.samples = [];
  }

  // Bytes per second; null until the samples span a second.
  get perSecond() {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    const seconds = first ? (last.at - first.at) / 1000 : 0;
    return seconds >= 1 ? (last.bytes - first.bytes) / seconds : null;
  }

  secondsFor(bytes) {
    return this.perSecond ? bytes / this.perSecond : null;
  }
}
