// Formatting of sizes, rates and durations in the page's language.
const LANGUAGE = document.documentElement.lang || "en";
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

export function size(bytes) {
  return measure(bytes, (unit) => unit);
}

export function rate(bytesPerSecond) {
  return measure(bytesPerSecond, (unit) => `${unit}-per-second`);
}

export function percent(part, whole) {
  return whole ? Math.min(100, Math.floor((part / whole) * 100)) : 0;
}

export function percentText(value) {
  return new Intl.NumberFormat(LANGUAGE, { style: "percent" }).format(value / 100);
}

// 45 s, 12 min, 1 h 5 min
export function duration(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) return amount(whole, "second");
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return amount(minutes, "minute");
  return `${amount(Math.floor(minutes / 60), "hour")} ${amount(minutes % 60, "minute")}`;
}

// Fills the placeholders of a sentence: "{sent} of {size}".
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_whole, name) => values[name] ?? "");
}

function measure(value, named) {
  let step = 0;
  while (value >= 999.5 && step < UNITS.length - 1) {
    value /= 1000;
    step += 1;
  }
  return amount(value, named(UNITS[step]), step && value < 99.95 ? 1 : 0);
}

function amount(value, unit, digits = 0) {
  const unitDisplay = unit === "byte" ? "long" : "short"; // the short form has no plural
  const shape = { style: "unit", unit, unitDisplay, minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(LANGUAGE, shape).format(value);
}
