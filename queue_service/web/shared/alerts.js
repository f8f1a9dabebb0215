// What wants a greeter, as every page says it.
import { html } from "../vendor/htm-preact.js";
import { staff } from "./api.js";
import { nameOf } from "./colleagues.js";
import { Chip } from "./components.js";
import { pick, t } from "./i18n.js";

const ICONS = { help: "hand-helping", over_target: "clock", printer: "printer-x", idle_window: "door-open" };

export function alertIcon({ kind }) {
  return ICONS[kind] ?? "bell-ring";
}

export function isUntaken({ taken_by }) {
  return taken_by === null;
}

// Those that nobody has taken first, and of these the newest.
export function newest(alerts) {
  return alerts.toSorted((one, other) => isUntaken(other) - isUntaken(one) || Date.parse(other.at) - Date.parse(one.at));
}

// "取号机“大厅 1”：缺纸"
export function alertWords({ kind, place, service, window, fault }, services) {
  const name = services.find(({ id }) => id === service)?.name ?? { id: service };
  return t(`alert.${kind}`, { place, number: window, service: pick(name), fault: fault && t(`fault.${fault}`) });
}

export function TakenBy({ alert: { taken_by } }) {
  if (taken_by === staff.value?.id) return html`<${Chip} tone="good" icon="check">${t("web.alert.mine")}<//>`;
  return html`<${Chip} icon="user-check">${t("web.alert.taken", { name: nameOf(taken_by) })}<//>`;
}
