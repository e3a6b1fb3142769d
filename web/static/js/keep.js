// Typed text survives a reload, a closed window and an ended session: <form data-keep="key"> stores changed fields
// in this browser, for this person, until they are saved or discarded, at most 7 days.
// data-keep-shown: the server has put typed text into the form already, after an error or a sign-in.
import { enhance } from "skillstudio/enhance.js";

const DAYS = 7;
const DAY_MS = 24 * 3600 * 1000;
const ANNOUNCE_MS = 200; // the notice is in the page before its text
const { person } = document.documentElement.dataset;
const prefix = `kept ${person} `;

// { at, fields: {name: text}, started: {name: value of a hidden field}, sent: fields at the last submit }
function read(key) {
  try {
    return JSON.parse(localStorage.getItem(prefix + key));
  } catch {
    return null;
  }
}

function write(key, entry) {
  try {
    localStorage.setItem(prefix + key, JSON.stringify(entry));
  } catch {
    // No storage, or no room in it: the text is only in the form, as without this script.
  }
}

function forget(key) {
  try {
    localStorage.removeItem(prefix + key);
  } catch {
    // No storage.
  }
}

function forgetWhere(condition) {
  const stored = Object.keys(localStorage).filter((name) => name.startsWith("kept "));
  for (const name of stored.filter(condition)) localStorage.removeItem(name);
}

function isOld(name) {
  const { at = 0 } = JSON.parse(localStorage.getItem(name)) ?? {};
  return Date.now() - at > DAYS * DAY_MS;
}

const typed = (form) =>
  [...form.elements].filter(({ name, type }) => name && /^(text|textarea|email|number|search|url|select-one)$/.test(type));
const started = (form) => [...form.elements].filter(({ name }) => name === "version" || name.startsWith("started-"));
const values = (elements) => Object.fromEntries(elements.map(({ name, value }) => [name, value]));
const plain = (text = "") => text.replace(/\s+/g, " ").trim();

// Value that the server has sent.
function initial(field) {
  if (field.type !== "select-one") return field.defaultValue;
  return ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value;
}

function store(form) {
  const all = typed(form);
  const changed = "keepShown" in form.dataset ? all : all.filter((field) => field.value !== initial(field));
  const key = form.dataset.keep;
  if (!changed.length) return forget(key);
  write(key, { ...read(key), at: Date.now(), fields: values(changed), started: values(started(form)) });
}

function restore(form, { at, fields, started: before = {} }) {
  const lost = typed(form).filter(({ name, value }) => name in fields && plain(fields[name]) !== plain(value));
  if (!lost.length) return forget(form.dataset.keep);
  const hidden = started(form);
  const original = values(hidden);
  for (const field of lost) field.value = fields[field.name];
  for (const field of hidden) field.value = before[field.name] ?? field.value; // so that the server asks
  const moved = "version" in before && before.version !== original.version;
  notify(form, at, moved, () => {
    for (const field of lost) field.value = initial(field);
    for (const field of hidden) field.value = original[field.name];
    forget(form.dataset.keep);
    lost[0].focus();
  });
}

function notify(form, at, moved, discard) {
  const template = document.querySelector("template#kept");
  const notice = template.content.firstElementChild.cloneNode(true);
  const format = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  const moment = new Intl.DateTimeFormat(document.documentElement.lang, format).format(at);
  const text = moved ? template.dataset.textMoved : template.dataset.textBack;
  notice.querySelector("[data-discard]").addEventListener("click", () => {
    discard();
    notice.remove();
  });
  form.prepend(notice);
  setTimeout(() => (notice.querySelector("p").textContent = text.replace("{moment}", moment)), ANNOUNCE_MS);
}

// The form was saved. Text typed since it was sent is newer, and starts from what was saved.
function saved(key) {
  const entry = read(key);
  if (!entry) return;
  const newer = entry.sent && JSON.stringify(entry.sent) !== JSON.stringify(entry.fields);
  if (newer) write(key, { at: entry.at, fields: entry.fields });
  else forget(key);
}

try {
  forgetWhere(isOld);
} catch {
  // No storage.
}

enhance("#flash[data-saved]", (flash) => saved(flash.dataset.saved));

enhance("form[data-keep]", (form) => {
  const entry = read(form.dataset.keep);
  if ("keepShown" in form.dataset) store(form);
  else if (entry?.fields) restore(form, entry);
  form.addEventListener("input", () => store(form));
  form.addEventListener("submit", () => {
    const now = read(form.dataset.keep);
    if (now) write(form.dataset.keep, { ...now, sent: now.fields });
  });
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-keep-discard]");
  if (link) forget(link.dataset.keepDiscard);
});

document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") === "/sign-out") forgetWhere((name) => name.startsWith(prefix));
});

// After a sign-in: back to the form at once.
enhance("form[data-continue]", (form) => form.requestSubmit());
