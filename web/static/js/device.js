// Kind of device: phone, tablet or desktop.
const PHONE_PX = 600; // of the screen's shorter side

export function device() {
  if (!matchMedia("(pointer: coarse)").matches) return "desktop";
  return Math.min(screen.width, screen.height) < PHONE_PX ? "phone" : "tablet";
}
