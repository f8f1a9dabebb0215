// The right end of a page's head: how fresh, what time, which language and theme, who, and the way out.
import { html } from "../vendor/htm-preact.js";
import { Refused, signOut, staff } from "./api.js";
import { Icon, Switches, tell } from "./components.js";
import { t } from "./i18n.js";

// `onLeave` may ask something first; without it the way out is open.
export function StaffBar({ onLeave = leave, children }) {
  return html`<span class="row push">
    ${children}
    <${Switches} />
    <span class="row">
      <strong>${staff.value?.name}</strong>
      <${SignOut} onLeave=${onLeave} />
    </span>
  </span>`;
}

export function SignOut({ onLeave = leave }) {
  return html`<button type="button" class="button quiet" onClick=${onLeave}><${Icon} name="log-out" />${t("web.sign_out")}</button>`;
}

export async function leave() {
  try {
    await signOut();
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    tell(refused.message, { isProblem: true });
  }
}
