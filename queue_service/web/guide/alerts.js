// What wants a greeter: untaken and newest first. One takes it, the others see who does; whoever sees that help was given closes it.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { alertIcon, alertWords, isUntaken, newest, TakenBy } from "../shared/alerts.js";
import { announce, Chip, Icon } from "../shared/components.js";
import { t } from "../shared/i18n.js";
import { minutes, since_s } from "../shared/time.js";
import { chime } from "./chime.js";
import { isWaiting, tap } from "./taps.js";

// Sounds and says what is new since the page was opened.
export function useChime(floor) {
  const known = useRef(null);
  useEffect(() => {
    if (floor === null) return;
    const untaken = floor.alerts.filter(isUntaken);
    const fresh = known.current === null ? [] : untaken.filter(({ id }) => !known.current.has(id));
    known.current = new Set(floor.alerts.map(({ id }) => id));
    if (fresh.length === 0) return;
    chime();
    announce(fresh.map((alert) => alertWords(alert, floor.services)).join(" "));
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
  const { id, at } = alert;
  const text = alertWords(alert, floor.services);
  const path = `/api/v1/branches/${encodeURIComponent(branch)}/alerts/${encodeURIComponent(id)}`;
  const take = () => tap({ path: `${path}/take`, about: id, text: t("web.guide.alert.done", { alert: text }), isQuiet: true });
  const closing = `${id}/close`;
  const close = () => tap({ path: `${path}/close`, about: closing, text: t("web.guide.alert.closed", { alert: text }) });
  const Waiting = () => html`<${Chip} tone="soon" icon="send">${t("web.guide.taps.mark")}<//>`;
  // Only help ends because somebody says so.
  const Close = () => {
    if (isWaiting(closing)) return Waiting();
    return html`<button type="button" class="button" aria-describedby=${`alert-${id}`} onClick=${close}>${t("web.guide.alert.close")}</button>`;
  };
  const Mark = () => {
    if (!isUntaken(alert)) return html`<${TakenBy} alert=${alert} />${alert.kind === "help" && Close()}`;
    if (isWaiting(id)) return Waiting();
    return html`<button type="button" class="button main" aria-describedby=${`alert-${id}`} onClick=${take}><${Icon} name="check" />${t("web.guide.alert.take")}</button>`;
  };
  return html`<li class=${isUntaken(alert) ? "card alert" : "card alert taken"}>
    <${Icon} name=${alertIcon(alert)} />
    <span class="alert-words"><strong id=${`alert-${id}`}>${text}</strong><span class="soft">${t("web.guide.alert.since", { time: minutes(since_s(at)) })}</span></span>
    <span class="row push">${Mark()}</span>
  </li>`;
}
