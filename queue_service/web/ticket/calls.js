// Each call and each recall is told once, also across a reload or a new connection.
import { keep, kept } from "../shared/kept.js";
import { ring } from "./sound.js";

const KEPT = "ticket.told";

// What makes a call a new one to tell; null without one.
export function callOf({ id, status, window, called_at, calls }) {
  return status === "called" ? `${id} ${window} ${called_at} ${calls}` : null;
}

// Sounds and shakes, where this phone allows it. Whether the call was a new one.
export function tellCall(call) {
  if (kept(KEPT, null) === call) return false;
  keep(KEPT, call);
  ring();
  return true;
}
