// Leaving the queue: asked once, in place.
import { html } from "../vendor/htm-preact.js";
import { useRef } from "../vendor/preact-hooks.js";
import { useSignal } from "../vendor/signals.js";
import { Refused, send } from "../shared/api.js";
import { clearProblems, ConfirmInPlace, Icon, tell } from "../shared/components.js";
import { t } from "../shared/i18n.js";

export function Leave({ path, ticket, isPossible }) {
  const isAsking = useSignal(false);
  const isBusy = useSignal(false);
  const button = useRef(null);

  async function leave() {
    if (isBusy.value || !isPossible) return;
    isBusy.value = true;
    clearProblems();
    try {
      await send(`${path}/cancel`);
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      tell(refused.message, { isProblem: true });
    } finally {
      isBusy.value = false;
      isAsking.value = false;
    }
  }

  function back() {
    isAsking.value = false;
    requestAnimationFrame(() => button.current?.focus());
  }

  if (isAsking.value && isPossible) {
    const actions = [{ text: t("web.ticket.leave"), run: leave, grave: true }];
    return html`<${ConfirmInPlace} question=${t("web.ticket.leave.question", { label: ticket.label })} actions=${actions} onBack=${back} />`;
  }
  return html`<button type="button" class="button grave" ref=${button} disabled=${!isPossible} onClick=${() => (isAsking.value = true)}>
    <${Icon} name="log-out" />${t("web.ticket.leave")}
  </button>`;
}
