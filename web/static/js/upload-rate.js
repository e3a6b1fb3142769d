// How fast bytes go and how long the rest takes, judged by the last seconds.
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

  // After a pause or a lost connection the time before it says nothing.
  restart() {
    this.samples = [];
  }

  // Bytes a second; nothing until there is a second to judge by.
  get perSecond() {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    const seconds = first ? (last.at - first.at) / 1000 : 0;
    return seconds >= 1 ? (last.bytes - first.bytes) / seconds : null;
  }

  secondsFor(bytes) {
    return this.perSecond ? bytes / this.perSecond : null;
  }
}
