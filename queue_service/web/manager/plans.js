// The window plans: which is in force, and switching to another, asked once.
import { html } from "../vendor/htm-preact.js";
import { useRef } from "../vendor/preact-hooks.js";
import { useSignal } from "../vendor/signals.js";
import { Refused, send } from "../shared/api.js";
import { Chip, clearProblems, ConfirmInPlace, tell } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";
import { planQuestion } from "../shared/plan-changes.js";

export function Plans({ branch, floor, isFresh }) {
  const asking = useSignal(null);
  const isBusy = useSignal(false);
  const list = useRef(null);
  const plan = floor.plans.find(({ id }) => id === asking.value && id !== floor.branch.plan);

  async function switchTo({ id, name }) {
    if (isBusy.value || !isFresh) return;
    isBusy.value = true;
    clearProblems();
    try {
      await send(`/api/v1/branches/${encodeURIComponent(branch)}/plan`, { plan: id });
      tell(t("web.manager.plans.switched", { name: pick(name) }));
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      tell(refused.message, { isProblem: true });
    } finally {
      isBusy.value = false;
      back();
    }
  }

  function back() {
    const id = asking.value;
    asking.value = null;
    requestAnimationFrame(() => (list.current?.querySelector(`[data-plan="${id}"] button`) ?? list.current)?.focus());
  }

  return html`<section class="card stack" aria-labelledby="plans">
    <h2 id="plans">${t("web.manager.plans")}</h2>
    <ul class="stack plans" ref=${list} tabindex="-1">
      ${floor.plans.map(
        (one) => html`<li key=${one.id} class="row" data-plan=${one.id}>
          <strong>${pick(one.name)}</strong>
          <span class="push">
            ${one.id === floor.branch.plan
              ? html`<${Chip} tone="good" icon="check">${t("web.manager.plans.in_force")}<//>`
              : html`<button type="button" class="button" disabled=${!isFresh || isBusy.value} onClick=${() => (asking.value = one.id)}>
                  ${t("web.manager.plans.switch")}<span class="unseen"> ${pick(one.name)}</span>
                </button>`}
          </span>
        </li>`,
      )}
    </ul>
    ${plan &&
    html`<${ConfirmInPlace}
      question=${planQuestion(floor, plan)}
      actions=${[{ text: t("web.manager.plans.switch"), run: () => switchTo(plan) }]}
      onBack=${back}
    />`}
  </section>`;
}
