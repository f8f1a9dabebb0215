// What there is to know of the network: since when the page is cut off, and which touches wait to be sent.
import { html } from "../vendor/htm-preact.js";
import { useEffect } from "../vendor/preact-hooks.js";
import { signal } from "../vendor/signals.js";
import { Icon } from "../shared/components.js";
import { t } from "../shared/i18n.js";
import { clock, now } from "../shared/time.js";
import { age_s, TAP_AGE_S_MAX, taps } from "./taps.js";

const isOnline = signal(navigator.onLine);

export function Gap({ live }) {
  useEffect(() => {
    const look = () => (isOnline.value = navigator.onLine);
    look();
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  const isCut = !isOnline.value || !live.isFresh.value;
  return html`
    <div role="alert">${isCut && html`<p class="message now"><${Icon} name="wifi-off" /><span><${Since} live=${live} /></span></p>`}</div>
    ${taps.value.length > 0 && html`<${Unsent} />`}
  `;
}

// The moment stays what it was, or the message would be read out every second.
function Since({ live }) {
  const { time_zone } = live.view.value.branch;
  return t("web.guide.cut", { at: clock(now.peek() - live.age_s.peek() * 1000, time_zone), seconds: TAP_AGE_S_MAX });
}

function Unsent() {
  return html`<section class="message soon unsent" aria-labelledby="unsent">
    <${Icon} name="send" />
    <div>
      <h2 id="unsent">${t("web.guide.taps.waiting", { count: taps.value.length })}</h2>
      <ol>${taps.value.map((one) => html`<li key=${one.key}><span>${one.text}</span> <${Age} tap=${one} /></li>`)}</ol>
    </div>
  </section>`;
}

// Alone, because it changes with the clock.
function Age({ tap }) {
  now.value;
  return html`<span class="soft">${t("web.guide.taps.age", { seconds: age_s(tap) })}</span>`;
}
