// Heartbeats that wait for the server: kept in the browser's storage, one entry for each session of the player, so
// that nothing is lost by a network that is away, a reload or a closed window. The server takes each once.
const PREFIX = "skillstudio-watch:";
const ABANDONED_MS = 60000; // after which another page sends the heartbeats of a session that has ended
const RETRY_MS = 5000;
const MOST_AT_ONCE = 20; // heartbeats in a request, well below the server's limit
const REFUSED = [400, 403, 404, 409, 413, 422]; // sending it again would not help

export const now = () => performance.timeOrigin + performance.now(); // the clock does not jump while the page is open

export class WatchQueue {
  // `renew` fetches a token for this page's heartbeats whose own is refused; undefined if there is none.
  constructor(url, session, recorded, renew) {
    this.renew = renew;
    this.url = url;
    this.key = PREFIX + session;
    this.recorded = recorded;
    this.waiting = [];
    this.adopt();
    addEventListener("online", () => this.send());
  }

  add(heartbeat) {
    this.waiting.push(heartbeat);
    this.store();
  }

  // Heartbeats that a page left behind.
  adopt() {
    try {
      this.takeLeft();
    } catch {
      // The storage is forbidden, or holds something else.
    }
    if (this.waiting.length) this.store();
  }

  takeLeft() {
    for (const key of Object.keys(localStorage).filter((name) => name.startsWith(PREFIX) && name !== this.key)) {
      const left = JSON.parse(localStorage.getItem(key) ?? "{}");
      if (now() - (left.at ?? 0) < ABANDONED_MS) continue;
      this.waiting.push(...(left.waiting ?? []));
      localStorage.removeItem(key);
    }
  }

  store() {
    try {
      if (this.waiting.length) localStorage.setItem(this.key, JSON.stringify({ at: now(), waiting: this.waiting }));
      else localStorage.removeItem(this.key);
    } catch {
      // The storage is full or forbidden: what waits is in this page only.
    }
  }

  async send() {
    if (this.sending || !this.waiting.length) return;
    this.sending = true;
    clearTimeout(this.retryTimer);
    const batch = this.waiting.slice(0, MOST_AT_ONCE);
    try {
      const answer = await this.post(batch);
      if (answer.ok) this.show(batch, await answer.json());
      else if (!REFUSED.includes(answer.status)) throw new Error(`the server answered ${answer.status}`);
      else if (batch.length > 1) return await this.sendSingly(batch);
      this.remove(batch);
    } catch {
      this.retryTimer = setTimeout(() => this.send(), RETRY_MS);
      return;
    } finally {
      this.sending = false;
    }
    if (this.waiting.length) this.send();
  }

  // Sent again once with a new token when one of this page's own is refused.
  async post(batch) {
    const send = () => fetch(this.url, { method: "POST", body: body(batch), headers: { "content-type": "application/json" } });
    const answer = await send();
    const own = batch.filter(({ session, token }) => PREFIX + session === this.key && token !== this.renewed);
    if (answer.status !== 403 || !own.length) return answer;
    this.renewed = await this.renew();
    if (!this.renewed) return answer;
    for (const heartbeat of own) heartbeat.token = this.renewed;
    this.store();
    return send();
  }

  // What another page left behind may be of another lesson, and of another person.
  show(batch, answers) {
    const own = batch.findLastIndex(({ session }) => PREFIX + session === this.key);
    if (own >= 0) this.recorded(answers[own]);
    if (answers.some(({ completed }) => completed)) document.dispatchEvent(new Event("skillstudio:earned"));
  }

  // One of several was refused, as when its token is too old: the others are sent without it.
  async sendSingly(batch) {
    for (const heartbeat of batch) {
      const answer = await this.post([heartbeat]);
      if (!answer.ok && !REFUSED.includes(answer.status)) throw new Error(`the server answered ${answer.status}`);
      this.remove([heartbeat]);
    }
  }

  // When the page is hidden or left. The answer is not seen, so everything stays until it is sent again.
  beacon() {
    if (this.waiting.length) navigator.sendBeacon(this.url, new Blob([body(this.waiting.slice(0, MOST_AT_ONCE))], { type: "application/json" }));
  }

  remove(sent) {
    this.waiting = this.waiting.filter((heartbeat) => !sent.includes(heartbeat));
    this.store();
  }
}

const body = (heartbeats) => JSON.stringify(heartbeats.map((heartbeat) => ({ ...heartbeat, sent_at: now() })));
