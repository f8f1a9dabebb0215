// A place of the hall, followed live, or why the core does not show it.
import { useSignal } from "../vendor/signals.js";
import { get, loadStaff, Refused } from "./api.js";
import { useLive } from "./components.js";
import { t } from "./i18n.js";

// What asking again does not change.
const STATUS_FINAL = [403, 404, 422];

// Follows the window `number` of a branch, or its floor where that is null. `why` is null, or {code, message} of what the core has
// against it; then there is no further try.
export function usePlace(branch, number) {
  const why = useSignal(null);
  const path = `/api/v1/branches/${encodeURIComponent(branch)}`;

  async function check({ isRefused }) {
    if (!(await loadStaff())) return false;
    if (isRefused) why.value = await refusal(path, number);
    return why.value === null;
  }

  const live = useLive(`${path}/live?${number === null ? "view=floor" : `view=window&window=${number}`}`, { check });
  return { live, why: why.value };
}

// A browser does not tell a page why a socket was refused: the floor does, or lists the windows that there are.
async function refusal(path, number) {
  try {
    const { windows } = await get(`${path}/floor`, { tries_max: 1 });
    if (number === null || windows.some((window) => window.number === number)) return null;
    return { code: "window.unknown", message: t("refusal.window.unknown", { window: number }) };
  } catch (refused) {
    if (!(refused instanceof Refused) || !STATUS_FINAL.includes(refused.status)) throw refused;
    return refused;
  }
}
