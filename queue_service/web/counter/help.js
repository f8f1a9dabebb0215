// All keys in one list.
import { html } from "../vendor/htm-preact.js";
import { Key } from "../shared/components.js";
import { t } from "../shared/i18n.js";
import { isHelpKeyOn, LISTS, OTHERS, setHelpKey, SETTINGS, VERBS } from "./keys.js";

export function Help({ dialog }) {
  const close = () => dialog.current.close();
  return html`<dialog ref=${dialog} aria-labelledby="help-title">
    <div class="stack">
      <h2 id="help-title">${t("web.counter.help")}</h2>
      <dl class="keys">
        ${[...VERBS, ...LISTS, ...OTHERS, ...SETTINGS].map(
          ({ key, action }) => html`<div key=${action}><dt><${Key} name=${key} /></dt><dd>${t(`web.counter.verb.${action}`)}</dd></div>`,
        )}
        <div><dt><${Key} name="↑ ↓" /></dt><dd>${t("web.counter.help.arrows")}</dd></div>
        <div><dt><${Key} name="Esc" /></dt><dd>${t("web.counter.help.escape")}</dd></div>
        <div><dt><${Key} name="?" /></dt><dd>${t("web.counter.help")}</dd></div>
      </dl>
      <p class="row">
        <label class="choice">
          <input type="checkbox" checked=${isHelpKeyOn.value} onChange=${(event) => setHelpKey(event.target.checked)} />
          ${t("web.counter.help.question_mark")}
        </label>
        <button type="button" class="button main push" autofocus onClick=${close}>${t("web.close")}</button>
      </p>
    </div>
  </dialog>`;
}
