// A live view: whole states from a socket, the newest wins, and it is always known how old the newest is.
// The same rules as queue_service/wire/session.py, which tells why.
import { computed, signal } from "../vendor/signals.js";
import { now, setClockGap } from "./time.js";

export const STALE_S = 10;

const OPEN_MS_MAX = 10_000;
const RENEW_MS = 20_000;
const RETRY_MS_FIRST = 1000;
const RETRY_MS_MAX = 4000; // a page is right again within 5 s of the core's return
const REFUSED_MS = 15_000; // who is not wanted asks at this pace
const FAILURES_MAX = 10;
const LOOK_MS = 1000;
const CODE_ENDED_MIN = 4400;

// Follows the socket at `path` until `stop()`. Gives signals:
//   view: the newest state, null until there is one     seq: the day's at that state, 0 without one
//   age_s: seconds since the view was known to be the newest, null without one
//   isFresh: there is a view and it is younger than STALE_S; buttons are dead while it is not
// `check` is asked before each new try, and at once when the core ended the connection; false means that there is no further try
// (nobody is signed in any more, or there is nothing to follow). It is told whether the core ended or did not take the last one.
export function follow(path, { check = async () => true } = {}) {
  const view = signal(null);
  const seq = signal(0);
  const true_ms = signal(null);
  const age_s = computed(() => (true_ms.value === null ? null : age(now.value)));
  const isFresh = computed(() => age_s.value !== null && age_s.value < STALE_S);

  let newest = { epoch: null, rev: -1 };
  let socket = null;
  let begun_ms = 0;
  let gap_ms = Infinity;
  let failures = 0;
  let isRefused = false;
  let retry = null;
  let isStopped = false;

  // `_` is the page's clock, which makes the age run; the age itself needs one that never jumps.
  function age(_) {
    return Math.max(0, Math.floor((performance.now() - true_ms.value) / 1000));
  }

  function connect() {
    const own = new WebSocket(new URL(path, location.href.replace(/^http/, "ws")));
    let wasOpen = false;
    socket = own;
    begun_ms = performance.now();
    gap_ms = Infinity;
    own.onmessage = ({ data }) => own === socket && received(JSON.parse(data));
    own.onopen = () => (wasOpen = true);
    own.onclose = ({ code }) => own === socket && lost({ isEnded: code >= CODE_ENDED_MIN, wasOpen });
  }

  function received(message) {
    const isKnown = message.epoch === newest.epoch && message.rev === newest.rev;
    if (message.type === "alive" && !isKnown) return; // a newer view is still on its way
    if (message.type !== "alive" && message.type !== "view") return;
    if (message.epoch === newest.epoch && message.rev < newest.rev) return;
    confirm(message.at);
    if (message.type === "alive" || isKnown) return;
    newest = message;
    seq.value = message.seq;
    view.value = message.data;
  }

  // The quickest message of a connection is taken to have come at once; what was kept back since is that much older.
  function confirm(at) {
    const at_ms = Date.parse(at);
    gap_ms = Math.min(gap_ms, performance.now() - at_ms);
    true_ms.value = at_ms + gap_ms;
    failures = 0;
    setClockGap(gap_ms);
  }

  async function lost({ isEnded, wasOpen }) {
    socket = null;
    isRefused = isEnded || !wasOpen;
    if (isEnded && ((await isWanted()) === false || isStopped)) return;
    failures = Math.min(failures + 1, FAILURES_MAX);
    const bound_ms = isEnded ? REFUSED_MS : Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** (failures - 1));
    retry = setTimeout(again, bound_ms * Math.random());
  }

  async function again() {
    retry = null;
    if ((await isWanted()) !== false && !isStopped) connect();
  }

  function isWanted() {
    return check({ isRefused }).catch(() => null); // the core was not reached, and may be the next time
  }

  // A peer that vanished without a word leaves a socket that looks open.
  const look = setInterval(() => {
    if (socket === null) return;
    const isOpening = socket.readyState === WebSocket.CONNECTING;
    const quiet_ms = performance.now() - Math.max(begun_ms, isOpening ? 0 : (true_ms.value ?? 0));
    if (quiet_ms < (isOpening ? OPEN_MS_MAX : RENEW_MS)) return;
    const silent = socket;
    lost({ isEnded: false, wasOpen: true }); // it never said no
    silent.close();
  }, LOOK_MS);

  function wake() {
    if (retry === null || document.visibilityState !== "visible") return;
    clearTimeout(retry);
    again();
  }
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);

  connect();
  return {
    view,
    seq,
    age_s,
    isFresh,
    stop() {
      isStopped = true;
      clearTimeout(retry);
      clearInterval(look);
      removeEventListener("online", wake);
      document.removeEventListener("visibilitychange", wake);
      const open = socket;
      socket = null;
      open?.close();
    },
  };
}
