// Who holds a window, by name: views carry the ids of staff alone.
import { useEffect } from "../vendor/preact-hooks.js";
import { signal } from "../vendor/signals.js";
import { get, Refused } from "../shared/api.js";
import { t } from "../shared/i18n.js";

const names = signal(new Map());

// The name of a member of staff, or a word for somebody while it is not known.
export function nameOf(id) {
  return names.value.get(id) ?? t("web.counter.somebody");
}

// Learns the names of the branch's staff when somebody whose name is not known holds one of `windows`, once for each such somebody.
export function useNames(branch, windows) {
  const unknown = [...new Set(windows.map(({ teller }) => teller))].filter((id) => id !== null && !names.value.has(id)).sort().join(" ");
  useEffect(() => {
    if (unknown !== "") learn(branch);
  }, [branch, unknown]);
}

async function learn(branch) {
  try {
    const { staff } = await get(`/api/v1/branches/${encodeURIComponent(branch)}/staff`);
    names.value = new Map([...names.value, ...staff.map(({ id, name }) => [id, name])]);
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused; // a name is no reason to trouble anybody
  }
}
