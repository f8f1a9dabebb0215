// A place that there is not, or not for the reader; why, and the way to another.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { branch, leaveBranch } from "./address.js";
import { staff } from "./api.js";
import { Icon, Switches } from "./components.js";
import { t } from "./i18n.js";
import { SignOut } from "./staff-bar.js";

// `way`: {text, run}, or null where there is none but out.
export function Shut({ title, why, way = null }) {
  const first = useRef(null);
  useEffect(() => first.current?.focus(), []);
  return html`<main class="entrance">
    <section class="card stack sign-in">
      <h1>${title}</h1>
      <div role="alert"><p class="message now"><${Icon} name="triangle-alert" /><span>${why}</span></p></div>
      ${way && html`<button type="button" class="button main" ref=${first} onClick=${way.run}>${way.text}</button>`}
    </section>
    <div class="row"><${SignOut} /><${Switches} /></div>
  </main>`;
}

// The branch that the address names; who has an own one is led there.
export function ShutBranch({ title, why }) {
  const way = branch.value === staff.value.branch ? null : { text: t("web.other_branch"), run: leaveBranch };
  return html`<${Shut} title=${title} why=${why} way=${way} />`;
}
