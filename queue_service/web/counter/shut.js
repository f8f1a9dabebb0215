// A place that there is not, or not for the reader; why, and the way to another.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { Icon } from "../shared/components.js";
import { t } from "../shared/i18n.js";
import { StaffBar } from "./bar.js";

export function Shut({ title, why, onLeave }) {
  const first = useRef(null);
  useEffect(() => first.current.focus(), []);
  return html`
    <header class="bar"><${StaffBar} /></header>
    <main class="chooser stack">
      <section class="card stack door">
        <h1>${title}</h1>
        <div role="alert"><p class="message now"><${Icon} name="triangle-alert" /><span>${why.message}</span></p></div>
        <p><button type="button" class="button main" ref=${first} onClick=${onLeave}>${t("web.counter.other_window")}</button></p>
      </section>
    </main>
  `;
}
