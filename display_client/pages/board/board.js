// The lobby board: who is called where, large; every window and every queue; for a screen that nobody attends.
import { html, render } from "../vendor/htm-preact.js";
import { useEffect } from "../vendor/preact-hooks.js";
import { isBlocked, unlock } from "../shared/chime.js";
import { Announcer, Icon, Part, useLive, Whole } from "../shared/components.js";
import { loadWords } from "../shared/i18n.js";
import { STALE_S } from "../shared/live.js";
import { now } from "../shared/time.js";
import { Calling, isSilent, useAnnouncements } from "./calling.js";
import { Clock, Notices, Queues } from "./foot.js";
import { Windows } from "./windows.js";
import { chooseTongues, loadCatalogues, moment, Say, Text } from "./words.js";

const LISTEN_S = 60;
const SCREEN = new URLSearchParams(location.search).get("screen") ?? "1";

function Screen() {
  const live = useLive("/live");
  const state = live?.view.value;
  useEffect(() => state && chooseTongues(state.settings.languages), [state?.settings.languages.join()]);
  if (!state) return html`<main class="bare"><h1><${Say} words="web.data.none" /></h1></main>`;
  if (!state.board) return html`<${Unreached} link=${state.link} />`;
  return html`<${Board} key=${state.board.branch.id} board=${state.board} settings=${state.settings} link=${state.link} live=${live} />`;
}

function Board({ board, settings, link, live }) {
  const announcements = useAnnouncements({ board, settings, screen: SCREEN, at_ms: () => now.peek() });
  const { branch } = board;
  const isAtWork = branch.open || board.windows.some(({ state }) => state !== "closed") || announcements.waiting.length > 0;
  return html`
    <main class="board">
      <header class="head">
        <p class="branch"><${Text} text=${branch.name} className="aside" /></p>
        <${Doors} branch=${branch} />
        <${SoundButton} volume=${settings.volume} />
      </header>
      <${Trouble} link=${link} live=${live} timeZone=${branch.time_zone} />
      ${isAtWork
        ? html`
            <${Part} view=${board}><${Calling} announcements=${announcements} /><//>
            <${Part} view=${board}><${Windows} board=${board} /><//>
          `
        : html`<${Closed} branch=${branch} />`}
      <footer class="foot">
        ${isAtWork && html`<${Part} view=${board}><${Queues} services=${board.services} /><//>`}
        <div class="foot-line">
          <${Notices} notices=${board.notices} stay_s=${settings.notice_s} />
          <${Clock} timeZone=${branch.time_zone} />
        </div>
      </footer>
    </main>
    <${Announcer} />
  `;
}

// No more numbers while those inside are still served.
function Doors({ branch }) {
  if (branch.numbers || !branch.open) return null;
  return html`<p class="chip soon"><${Icon} name="door-closed" /><${Say} words="web.home.no_numbers" className="aside" /></p>`;
}

function SoundButton({ volume }) {
  if (!isBlocked.value || volume === 0 || isSilent()) return null;
  return html`<button type="button" class="button push" onClick=${unlock}>
    <${Icon} name="volume-x" /><${Say} words="web.board.sound_on" className="aside" />
  </button>`;
}

// Says since when the board is not the newest: by what its process knows of the core, and by what this page has of the process.
function Trouble({ link, live, timeZone }) {
  const page_age_s = live.age_s.value ?? 0;
  const since_ms = Math.min(link.since === null ? Infinity : Date.parse(link.since), now.value - page_age_s * 1000);
  const age_s = (now.value - since_ms) / 1000;
  const isOff = page_age_s >= STALE_S || link.state === "stale" || link.state === "offline" || (link.since !== null && age_s >= STALE_S);
  const at = (tag) => ({ at: moment(tag, since_ms, timeZone, now.value) });
  return html`<div class="trouble" role="alert">
    ${isOff && link.refused && html`<p class="message now"><${Icon} name="triangle-alert" /><${Say} words="web.board.refused" /></p>`}
    ${isOff && !link.refused && age_s < LISTEN_S && html`<p class="message soon"><${Icon} name="wifi-off" /><${Say} words="web.board.stale" params=${at} /></p>`}
    ${isOff && !link.refused && age_s >= LISTEN_S && html`<p class="message now"><${Icon} name="wifi-off" /><${Say} words="web.board.listen" params=${at} /></p>`}
  </div>`;
}

// The process runs, but has never had a board.
function Unreached({ link }) {
  const age_s = (now.value - Date.parse(link.since)) / 1000;
  const words = link.refused ? "web.board.refused" : age_s < STALE_S ? "web.data.none" : "web.board.unreached";
  return html`<main class="bare">
    <div role="status"><h1><${Say} words=${words} /></h1></div>
  </main>`;
}

function Closed({ branch }) {
  const at = (tag) => ({ at: moment(tag, branch.opens_at, branch.time_zone, now.value) });
  return html`<section class="closed">
    <${Icon} name="door-closed" />
    <h1><${Say} words="web.board.closed" /></h1>
    ${branch.opens_at && html`<p class="closed-until"><${Say} words="web.home.opens_at" params=${at} /></p>`}
  </section>`;
}

await Promise.all([loadWords(), loadCatalogues()]);
render(html`<${Whole}><${Screen} /><//>`, document.getElementById("page"));
