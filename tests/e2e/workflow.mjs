// The whole way of a lecture over the API, as a program of the institution goes it: upload, encoding, watching,
// completion, XP. Node without dependencies; the last line of its output is JSON.
// Environment: BASE_URL, TEACHER_TOKEN, LEARNER_TOKEN, LEARNER_EMAIL, CLIP (path of a short video).
import { readFile } from "node:fs/promises";

const { BASE_URL, TEACHER_TOKEN, LEARNER_TOKEN, LEARNER_EMAIL, CLIP } = process.env;
const WITHIN_MS = 180_000;
const PAUSE_MS = 500;
const SPAN_SECONDS = 5;

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

async function send(token, method, path, json) {
  const answer = await fetch(new URL(path, BASE_URL), {
    method,
    headers: { authorization: `Bearer ${token}`, accept: "application/json", ...(json && { "content-type": "application/json" }) },
    body: json && JSON.stringify(json),
  });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : undefined };
}

async function call(token, method, path, json) {
  const { status, body } = await send(token, method, path, json);
  if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

const teacher = (...request) => call(TEACHER_TOKEN, ...request);
const learner = (...request) => call(LEARNER_TOKEN, ...request);

async function until(what, look) {
  for (const ends = Date.now() + WITHIN_MS; Date.now() < ends; await pause()) {
    const found = await look();
    if (found) return found;
  }
  throw new Error(`not within ${WITHIN_MS / 1000} s: ${what}`);
}

async function makeLesson() {
  const course = await teacher("POST", "/api/courses", { title: "Optics", status: "published" });
  const lesson = await teacher("POST", `/api/courses/${course.id}/lessons`, { title: "Lenses", status: "published" });
  await teacher("POST", `/api/courses/${course.id}/enrolments`, { emails: [LEARNER_EMAIL] });
  return lesson.id;
}

// POST policy: the fields, and the file last.
async function upload(lesson_id) {
  const ticket = await teacher("POST", "/api/video/upload/init", { lesson_id, filename: "lecture.mp4", content_type: "video/mp4" });
  const form = new FormData();
  for (const [name, value] of Object.entries(ticket.fields)) form.append(name, value);
  form.append("file", new Blob([await readFile(CLIP)], { type: "video/mp4" }), "lecture.mp4");
  const answer = await fetch(new URL(ticket.upload_url, BASE_URL), { method: "POST", body: form });
  if (!answer.ok) throw new Error(`the form answered ${answer.status}: ${await answer.text()}`);
  return ticket.s3_key;
}

async function encode(lesson_id, s3_key) {
  const { job_id } = await teacher("POST", "/api/video/transcode/start", { lesson_id, s3_key });
  if (!job_id) throw new Error("the encoding has no job");
  return until("the lecture is ready", async () => {
    const state = await teacher("GET", `/api/video/transcode/status/${lesson_id}`);
    if (state.status === "failed") throw new Error(`the encoding failed: ${state.error}`);
    return state.status === "ready" && state;
  });
}

const entries = (playlist) => playlist.split("\n").filter((line) => line && !line.startsWith("#"));

// Every segment of the first rendition, as a player loads them: what was not delivered does not count as watched.
async function play(lesson_id) {
  const { hls_url } = await learner("GET", `/api/video/playback/${lesson_id}`);
  const master = new URL(hls_url, BASE_URL);
  const media = new URL(entries(await (await fetch(master)).text())[0], master);
  for (const segment of entries(await (await fetch(media)).text())) {
    const answer = await fetch(new URL(segment, media));
    if (!answer.ok) throw new Error(`a segment answered ${answer.status}`);
    await answer.arrayBuffer();
  }
}

async function watch(lesson_id, duration) {
  const { token } = await learner("GET", `/api/video/watch/${lesson_id}`);
  const events = [];
  for (let from = 0; from < duration; from += SPAN_SECONDS) events.push({ from, to: Math.min(from + SPAN_SECONDS, duration), rate: 1 });
  const session = crypto.randomUUID();
  return learner("POST", "/api/video/track-watch", { token, lesson_id, session, seq: 0, events, quality: "180p", device: "desktop" });
}

// Refused with what is missing until the delivered segments are written, once a second.
async function complete(lesson_id) {
  return until("the lesson is completed", async () => {
    const { status, body } = await send(LEARNER_TOKEN, "POST", `/api/lessons/${lesson_id}/complete`);
    if (status !== 200 && status !== 409) throw new Error(`complete answered ${status}: ${JSON.stringify(body)}`);
    return status === 200 && body;
  });
}

const lesson_id = await makeLesson();
const ready = await encode(lesson_id, await upload(lesson_id));
await play(lesson_id);
const tracked = await watch(lesson_id, ready.duration_seconds);
const completed = await complete(lesson_id);
const stats = await learner("GET", "/api/gamification/stats");
const achievements = await learner("GET", "/api/gamification/achievements");
const { status, body: leaderboard } = await send(LEARNER_TOKEN, "GET", "/api/gamification/leaderboard?timeframe=all_time&limit=100");
console.log(JSON.stringify({ lesson_id, tracked, completed, stats, achievements, leaderboard: { status, body: leaderboard } }));
