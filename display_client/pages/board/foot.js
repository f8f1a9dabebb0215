// The foot of the board: services with their waits, news, the time of day.
import { html } from "../vendor/htm-preact.js";
import { useEffect } from "../vendor/preact-hooks.js";
import { useSignal } from "../vendor/signals.js";
import { Icon } from "../shared/components.js";
import { now } from "../shared/time.js";
import { moment, Say, Text, tongues } from "./words.js";

export function Queues({ services }) {
  return html`<section class="queues" aria-labelledby="queues">
    <h2 id="queues" class="unseen"><${Say} words="web.board.queues" /></h2>
    <ul class="queue-list">
      ${services.map((service) => html`<${Queue} key=${service.id} service=${service} />`)}
    </ul>
  </section>`;
}

function Queue({ service }) {
  const isOff = !service.open && service.waiting === 0;
  return html`<li class=${isOff ? "queue away" : "queue"} data-service=${service.id}>
    <span class="queue-prefix" aria-hidden="true">${service.prefix}</span>
    <${Text} text=${service.name} className="queue-name" />
    <span class="queue-wait">
      ${isOff ? html`<${Say} words="web.home.not_offered" />` : html`<${People} service=${service} /><${Wait} wait=${service.wait} />`}
    </span>
  </li>`;
}

function People({ service }) {
  return html`<strong><${Say} words="web.board.people" params=${{ count: service.waiting }} /></strong>`;
}

// Minutes are rounded up, because a wait told too short is the worse mistake.
function Wait({ wait }) {
  if (wait === null) return null;
  const [low, high] = [Math.ceil(wait.low_s / 60), Math.ceil(wait.high_s / 60)];
  if (high === 0) return html`<${Say} words="web.wait.none" />`;
  if (low === high) return html`<${Say} words="web.wait.about" params=${{ minutes: high }} />`;
  return html`<${Say} words="web.wait.range" params=${{ low, high }} />`;
}

// One at a time, each for `stay_s`.
export function Notices({ notices, stay_s }) {
  const turn = useSignal(0);
  const due = notices.filter(({ until }) => until === null || Date.parse(until) > now.value);
  useEffect(() => {
    const timer = setInterval(() => (turn.value += 1), stay_s * 1000);
    return () => clearInterval(timer);
  }, [stay_s]);
  if (due.length === 0) return html`<p class="notice"></p>`;
  const notice = due[turn.value % due.length];
  return html`<p class="notice" key=${JSON.stringify(notice.text)}>
    <${Icon} name="megaphone" /><${Text} text=${notice.text} className="notice-text" />
  </p>`;
}

export function Clock({ timeZone }) {
  return html`<time class="clock">${moment(tongues.value[0], now.value, timeZone, now.value)}</time>`;
}
