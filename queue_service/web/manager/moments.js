// Moments as the branch's clock shows them, and back.
import { language } from "../shared/i18n.js";

const MINUTE_MS = 60_000;

// {date: "2026-11-22", time: "18:00"} at the branch.
export function wall(at, timeZone) {
  const [date, time] = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone }).format(new Date(at)).split(" ");
  return { date, time };
}

// The moment, in UTC, at which the branch's clock shows `date` and `time`. Where clocks are put forward past it, the moment of that.
export function moment({ date, time }, timeZone) {
  const wall_ms = Date.parse(`${date}T${time}Z`);
  let at_ms = wall_ms;
  // The offset of the guess is the offset of the moment, or that of the second guess is.
  for (let guess = 0; guess < 2; guess += 1) at_ms = wall_ms - offset_ms(at_ms, timeZone);
  return new Date(at_ms).toISOString();
}

// "2026年11月22日 18:00" at the branch.
export function told(at, timeZone) {
  return new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "short", timeZone }).format(new Date(at));
}

function offset_ms(at_ms, timeZone) {
  const { date, time } = wall(at_ms, timeZone);
  return Date.parse(`${date}T${time}Z`) - Math.floor(at_ms / MINUTE_MS) * MINUTE_MS;
}
