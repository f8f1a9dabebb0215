// Who holds a window, by name: views carry the ids of staff alone.
import { useEffect } from "../vendor/preact-hooks.js";
import { signal } from "../vendor/signals.js";
import { get, Refused } from "./api.js";
import { t } from "./i18n.js";

const names = signal(new Map());

// The name of a member of staff, or a word for somebody while it is not known.
export function nameOf(id) {
  return names.value.get(id) ?? t("web.somebody");
}

// Learns the names of the branch's staff when one of `ids` is not known, once for each; null is nobody.
export function useNames(branch, ids) {
  const unknown = [...new Set(ids)].filter((id) => id !== null && !names.value.has(id)).sort().join(" ");
  useEffect(() => {
    if (unknown !== "") learn(branch);
  }, [branch, unknown]);
}

// Everybody whom a floor may name: who holds a window, who took an alert.
export function idsOn(floor) {
  return [...floor.windows.map(({ teller }) => teller), ...floor.alerts.map(({ taken_by }) => taken_by)];
}

async function learn(branch) {
  try {
    const { staff } = await get(`/api/v1/branches/${encodeURIComponent(branch)}/staff`);
    names.value = new Map([...names.value, ...staff.map(({ id, name }) => [id, name])]);
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused; // a name is no reason to trouble anybody
  }
}
