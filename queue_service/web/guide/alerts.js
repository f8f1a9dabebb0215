// What wants a greeter: untaken and newest first. One takes it, the others see who does.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { staff } from "../shared/api.js";
import { announce, Chip, Icon } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";
import { minutes, since_s } from "../shared/time.js";
import { nameOf } from "../counter/colleagues.js";
import { chime } from "./chime.js";
import { isWaiting, tap } from "./taps.js";

const ICONS = { help: "hand-helping", over_target: "clock", printer: "printer-x", idle_window: "door-open" };

export function newest(alerts) {
  return alerts.toSorted((one, other) => (one.taken_by !== null) - (other.taken_by !== null) || Date.parse(other.at) - Date.parse(one.at));
}

export function worded(alert, services) {
  const { kind, place, service, window, fault } = alert;
  switch (kind) {
    case "help":
      return t("web.guide.alert.help", { place });
    case "over_target":
      return t("web.guide.alert.over_target", { service: pick(services.find(({ id }) => id === service)?.name ?? { id: service }) });
    case "printer":
      return t("web.guide.alert.printer", { place, fault: t(`web.guide.fault.${fault}`) });
    case "idle_window":
      return t("web.guide.alert.idle_window", { number: window });
    default:
      return place;
  }
}

// Sounds and says what is new since the page was opened.
export function useChime(floor) {
  const known = useRef(null);
  useEffect(() => {
    if (floor === null) return;
    const untaken = floor.alerts.filter(({ taken_by }) => taken_by === null);
    const fresh = known.current === null ? [] : untaken.filter(({ id }) => !known.current.has(id));
    known.current = new Set(floor.alerts.map(({ id }) => id));
    if (fresh.length === 0) return;
    chime();
    announce(fresh.map((alert) => worded(alert, floor.services)).join(" "));
  }, [floor]);
}

export function Alerts({ branch, floor }) {
  const alerts = newest(floor.alerts);
  return html`
    <h1 class="unseen">${t("web.guide.tab.alerts")}</h1>
    ${alerts.length > 0
      ? html`<ul class="alerts">${alerts.map((alert) => html`<${Alert} key=${alert.id} branch=${branch} floor=${floor} alert=${alert} />`)}</ul>`
      : html`<p class="soft empty">${t("web.guide.alerts.none")}</p>`}
  `;
}

function Alert({ branch, floor, alert }) {
  const { id, kind, at, taken_by } = alert;
  const text = worded(alert, floor.services);
  const take = () => tap({ path: `/api/v1/branches/${encodeURIComponent(branch)}/alerts/${encodeURIComponent(id)}/take`, about: id, text: t("web.guide.alert.done", { alert: text }), isQuiet: true });
  const Mark = () => {
    if (taken_by === staff.value.id) return html`<${Chip} tone="good" icon="check">${t("web.guide.alert.mine")}<//>`;
    if (taken_by !== null) return html`<${Chip} icon="user-check">${t("web.guide.alert.taken", { name: nameOf(taken_by) })}<//>`;
    if (isWaiting(id)) return html`<${Chip} tone="soon" icon="send">${t("web.guide.taps.mark")}<//>`;
    return html`<button type="button" class="button main" aria-describedby=${`alert-${id}`} onClick=${take}><${Icon} name="check" />${t("web.guide.alert.take")}</button>`;
  };
  return html`<li class=${taken_by === null ? "card alert" : "card alert taken"}>
    <${Icon} name=${ICONS[kind] ?? "bell-ring"} />
    <span class="alert-words"><strong id=${`alert-${id}`}>${text}</strong><span class="soft">${t("web.guide.alert.since", { time: minutes(since_s(at)) })}</span></span>
    <span class="push">${Mark()}</span>
  </li>`;
}
