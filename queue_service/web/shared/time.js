// Times as people say them: ranges, ages, clocks in the branch's time zone.
import { signal } from "../vendor/signals.js";
import { language, t } from "./i18n.js";

const TICK_MS = 1000;

// What the core's clock is behind this page's steady one (performance.now), in milliseconds; a desk's own clock may be minutes wrong.
let gap_ms = performance.now() - Date.now();

// The core's time as far as this page knows it, in milliseconds since 1970, once a second.
export const now = signal(Date.now());

export function setClockGap(gap) {
  gap_ms = gap;
  tick();
}

function tick() {
  now.value = performance.now() - gap_ms;
}

setInterval(tick, TICK_MS);

// Seconds from an RFC 3339 moment until now, never below 0.
export function since_s(at) {
  return Math.max(0, (now.value - Date.parse(at)) / 1000);
}

// "10–15 分钟", from {low_s, high_s}; minutes are rounded up, because a wait told too short is the worse mistake.
export function waitRange(wait) {
  const low = Math.ceil(wait.low_s / 60);
  const high = Math.ceil(wait.high_s / 60);
  if (high === 0) return t("web.wait.none");
  return low === high ? t("web.wait.about", { minutes: high }) : t("web.wait.range", { low, high });
}

// "12 分钟", for a wait or a duration that nobody watches running.
export function minutes(seconds) {
  return seconds < 60 ? t("web.time.under_minute") : t("web.time.minutes", { minutes: Math.floor(seconds / 60) });
}

// "6 分 30 秒" or "30 秒", for a mean.
export function minutesSeconds(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return t("web.time.seconds", { seconds: whole });
  return t("web.time.minutes_seconds", { minutes: Math.floor(whole / 60), seconds: whole % 60 });
}

// "3:07" or "1:03:07", for a time that runs.
export function stopwatch(seconds) {
  const whole = Math.floor(seconds);
  const pad = (number) => String(number).padStart(2, "0");
  const [hours, rest] = [Math.floor(whole / 3600), whole % 3600];
  const tail = pad(rest % 60);
  return hours ? `${hours}:${pad(Math.floor(rest / 60))}:${tail}` : `${Math.floor(rest / 60)}:${tail}`;
}

// "10:42" at the branch.
export function clock(at, timeZone) {
  return new Intl.DateTimeFormat(language.value, { hour: "2-digit", minute: "2-digit", hour12: false, timeZone }).format(new Date(at));
}

// "10:42" today at the branch, "周三 09:00" on another day.
export function clockOrDay(at, timeZone) {
  const day = (moment) => new Intl.DateTimeFormat("en-CA", { dateStyle: "short", timeZone }).format(new Date(moment));
  if (day(at) === day(now.value)) return clock(at, timeZone);
  const weekday = new Intl.DateTimeFormat(language.value, { weekday: "short", timeZone }).format(new Date(at));
  return `${weekday} ${clock(at, timeZone)}`;
}
