// The right end of the console's head: how fresh, what time, which language and theme, who, and the way out.
import { html } from "../vendor/htm-preact.js";
import { Refused, signOut, staff } from "../shared/api.js";
import { Icon, Switches, tell } from "../shared/components.js";
import { t } from "../shared/i18n.js";

// `onLeave` may ask something first; without it the way out is open.
export function StaffBar({ onLeave = leave, children }) {
  return html`<span class="row push">
    ${children}
    <${Switches} />
    <span class="row">
      <strong>${staff.value?.name}</strong>
      <button type="button" class="button quiet" onClick=${onLeave}><${Icon} name="log-out" />${t("web.sign_out")}</button>
    </span>
  </span>`;
}

export async function leave() {
  try {
    await signOut();
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    tell(refused.message, { isProblem: true });
  }
}
