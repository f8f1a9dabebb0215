// Which branch, for staff of several.
import { html } from "../vendor/htm-preact.js";
import { useEffect } from "../vendor/preact-hooks.js";
import { useSignal } from "../vendor/signals.js";
import { chooseBranch } from "./address.js";
import { get, Refused } from "./api.js";
import { Icon, Switches } from "./components.js";
import { pick, t } from "./i18n.js";
import { SignOut } from "./staff-bar.js";

export function BranchChoice() {
  const branches = useSignal([]);
  const problem = useSignal("");
  useEffect(() => {
    get("/api/v1/branches").then(
      (answer) => (branches.value = answer.branches),
      (refused) => {
        if (!(refused instanceof Refused)) throw refused;
        problem.value = refused.message;
      },
    );
  }, []);
  return html`<main class="entrance">
    <section class="card stack sign-in">
      <h1>${t("web.choose_branch")}</h1>
      <div role="alert">${problem.value && html`<p class="message now"><${Icon} name="wifi-off" /><span>${problem}</span></p>`}</div>
      <ul class="stack branch-choice">
        ${branches.value.map(
          ({ id, name }) => html`<li key=${id}><button type="button" class="button" onClick=${() => chooseBranch(id)}><${Icon} name="store" />${pick(name)}</button></li>`,
        )}
      </ul>
    </section>
    <div class="row"><${SignOut} /><${Switches} /></div>
  </main>`;
}
