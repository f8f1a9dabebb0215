// A screen that nobody touches asks whether somebody is there, and then starts again from the beginning.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useLayoutEffect, useRef } from "../vendor/preact-hooks.js";
import { useSignal } from "../vendor/signals.js";
import { t } from "../shared/i18n.js";
import { Icon } from "../shared/components.js";
import { Ring, useCountdown } from "./parts.js";
import { isAtRest, patience_ms, startOver, touched_ms, visit } from "./visit.js";
import { Both } from "./words.js";

const LOOK_MS = 250;
// While these show, something else decides how long: the core's answer, the printer.
const BUSY = ["asked", "printing"];

export function Idle() {
  const isAsking = useSignal(false);
  const isWatched = !isAtRest.value && !BUSY.includes(visit.value?.state);
  useEffect(() => {
    isAsking.value = false;
    if (!isWatched) return undefined;
    const from_ms = performance.now();
    const timer = setInterval(() => {
      const quiet_ms = performance.now() - Math.max(from_ms, touched_ms.value);
      isAsking.value = isAsking.value || quiet_ms >= patience_ms("idle_s");
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [isWatched, visit.value?.state]);
  return isAsking.value ? html`<${Question} onStay=${() => (isAsking.value = false)} />` : null;
}

function Question({ onStay }) {
  const dialog = useRef(null);
  const ms = patience_ms("warn_s");
  const from_ms = useRef(performance.now());
  const left_s = useCountdown({ ms, from_ms: from_ms.current, onEnd: startOver });
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown.showModal();
    return () => shown.close();
  }, []);
  return html`<dialog ref=${dialog} class="idle" role="alertdialog" aria-labelledby="idle-title" aria-describedby="idle-text" onCancel=${onStay} onClick=${({ target }) => target === dialog.current && onStay()}>
    <${Ring} left_s=${left_s.value} of_s=${ms / 1000} />
    <h2 id="idle-title"><${Both} k="web.kiosk.idle" /></h2>
    <p id="idle-text">${t("web.kiosk.idle.text", { seconds: left_s.value })}</p>
    <button type="button" class="button main" autofocus onClick=${onStay}><${Icon} name="check" /><${Both} k="web.kiosk.idle.go_on" /></button>
    <button type="button" class="button" onClick=${startOver}><${Icon} name="rotate-ccw" /><${Both} k="web.kiosk.start_over" /></button>
  </dialog>`;
}
