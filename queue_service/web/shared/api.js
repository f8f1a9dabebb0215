// Requests to the core. A pressed key is one intent with one Idempotency-Key, kept through every try.
import { signal } from "../vendor/signals.js";
import { language, t } from "./i18n.js";

const TRIES_MAX = 4;
const TRY_MS_MAX = 8000;
const PAUSE_MS = 300;
const STATUS_TRY_AGAIN = [502, 503, 504];

// Who is signed in, as `POST /session` tells it: {id, name, roles, branch}. null: nobody; undefined: not known yet.
export const staff = signal(undefined);

// How often somebody signed in on this page; 0: whoever it is came with the session they had.
export const signIns = signal(0);

// A request that the core refused, or that did not reach it (`code` is then "offline"). `message` is for people.
export class Refused extends Error {
  constructor({ status, code, detail, params }) {
    super(detail);
    this.status = status;
    this.code = code;
    this.params = params;
  }
}

export function get(path, { tries_max = TRIES_MAX } = {}) {
  return request("GET", path, undefined, { tries_max });
}

// Changes something: tried again when the answer is lost, which the key makes harmless.
export function send(path, body = {}, { method = "POST", key = intentKey(), tries_max = TRIES_MAX } = {}) {
  return request(method, path, body, { tries_max, headers: { "Idempotency-Key": key } });
}

// The key of one intent. crypto.randomUUID needs https, which a hall's own network may not have.
export function intentKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Finds out who is signed in, and whether somebody is; throws Refused when the core does not say.
export async function loadStaff() {
  try {
    staff.value = (await get("/api/v1/session", { tries_max: 1 })).staff;
    return true;
  } catch (refused) {
    if (refused instanceof Refused && refused.status === 401) return false;
    throw refused;
  }
}

export async function signIn(username, password) {
  const answer = await request("POST", "/api/v1/session", { username, password }, { tries_max: 1 });
  signIns.value += 1;
  staff.value = answer.staff;
}

export async function signOut() {
  await request("DELETE", "/api/v1/session", undefined, { tries_max: TRIES_MAX });
  staff.value = null;
}

async function request(method, path, body, { tries_max, headers = {} }) {
  for (let tries = 1; ; tries += 1) {
    const answer = await attempt(method, path, body, headers);
    if (answer !== null && !(STATUS_TRY_AGAIN.includes(answer.status) && tries < tries_max)) return understood(answer);
    if (tries >= tries_max) throw new Refused({ status: 0, code: "offline", detail: t("web.offline"), params: {} });
    await pause(PAUSE_MS * 2 ** (tries - 1));
  }
}

// One try; null when there was no answer.
async function attempt(method, path, body, headers) {
  try {
    return await fetch(path, {
      method,
      body: body && JSON.stringify(body),
      headers: { "Accept-Language": language.value, ...(body && { "Content-Type": "application/json" }), ...headers },
      signal: AbortSignal.timeout(TRY_MS_MAX),
    });
  } catch (failure) {
    // fetch throws a TypeError when the network fails and a DOMException when time is up; anything else is a mistake of ours.
    if (failure instanceof TypeError || failure instanceof DOMException) return null;
    throw failure;
  }
}

async function understood(answer) {
  const text = await answer.text();
  if (answer.ok) return text === "" ? null : JSON.parse(text);
  if (answer.status === 401) staff.value = null;
  if (answer.headers.get("content-type")?.startsWith("application/problem+json")) throw new Refused(JSON.parse(text));
  // Not the core's own words: a proxy in between.
  throw new Refused({ status: answer.status, code: "unclear", detail: t("web.unclear", { status: answer.status }), params: {} });
}


function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms * (0.5 + Math.random())));
}
