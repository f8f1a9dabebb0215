// Why a key does nothing now, in a few words.
import { t } from "../shared/i18n.js";
import { KEYS } from "./keys.js";

const FOR_A_CUSTOMER = new Set(["recall", "start", "finish", "finish-as", "miss", "transfer", "park"]);
const FOR_A_FREE_WINDOW = new Set(["call-next", "choose", "missed", "parked", "walk-in"]);
const BEFORE_START = new Set(["recall", "start", "miss"]);

// "F4 办结：请先开始"
export function whyNot(action, view, isFresh) {
  return t("web.counter.why", { pressed: KEYS.get(action), verb: t(`web.counter.verb.${action}`), why: isFresh ? why(action, view) : t("web.counter.why.stale") });
}

function why(action, { ticket, window, parked, missed }) {
  if (FOR_A_CUSTOMER.has(action)) {
    if (ticket === null) return t("web.counter.why.call_first");
    if (ticket.status === "serving" && BEFORE_START.has(action)) return t("web.counter.why.started");
    if (action === "miss") return t("web.counter.why.recall_first");
    return t("web.counter.why.start_first");
  }
  if (FOR_A_FREE_WINDOW.has(action)) {
    if (ticket !== null) return t("web.counter.why.finish_first", { label: ticket.label });
    if (window.state === "paused") return t("web.counter.why.go_on_first");
    if (action === "missed" && missed.length === 0) return t("web.counter.list.missed.none");
    if (action === "parked" && parked.length === 0) return t("web.counter.list.parked.none");
    return t("web.counter.nobody");
  }
  return action === "undo" ? t("web.counter.why.nothing_to_undo") : t("web.counter.why.not_now");
}
