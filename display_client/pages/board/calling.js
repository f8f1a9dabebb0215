// The call that is on now, large, and those before it.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useLayoutEffect, useMemo, useRef } from "../vendor/preact-hooks.js";
import { useSignal } from "../vendor/signals.js";
import { prepare, ring } from "../shared/chime.js";
import { announce, Icon } from "../shared/components.js";
import { keep, kept as keptText } from "../shared/kept.js";
import { due_ms, kept, revived, stepped, taken } from "./announcements.js";
import { said, Say, tongues } from "./words.js";

const SEEN_MS = 60_000;

// What this screen announces, one call after another; what it has had survives a reload. `ring` sounds once per announcement.
export function useAnnouncements({ board, settings, screen, at_ms }) {
  const name = `board.${board.branch.id}.${screen}`;
  const first = useMemo(() => revived(keptText(name, "null"), performance.now(), at_ms()), []);
  const state = useSignal(first);

  const put = (next) => {
    if (next === state.peek()) return;
    state.value = next;
    keep(name, kept(next, at_ms()));
  };

  useLayoutEffect(() => put(taken(state.peek(), board.branch.business_on, board.calls, at_ms())), [board]);

  const shown_ms_min = settings.shown_s_min * 1000;
  useEffect(() => {
    const due = due_ms(state.value, performance.now(), shown_ms_min);
    if (due === null) return undefined;
    const timer = setTimeout(() => {
      const before = state.peek();
      const next = stepped(before, performance.now(), shown_ms_min);
      put(next);
      if (next.shown !== before.shown) tell(next.shown.call);
      else state.value = { ...before }; // a timer that came too soon is set again
    }, due);
    return () => clearTimeout(timer);
  }, [state.value, shown_ms_min]);

  // A screen that is on counts as having seen everything, also where nobody is called.
  useEffect(() => {
    const timer = setInterval(() => state.peek().day !== null && keep(name, kept(state.peek(), at_ms())), SEEN_MS);
    return () => clearInterval(timer);
  }, []);

  useEffect(prepare, []);
  function tell(call) {
    announce(tongues.value.map((tag) => spoken(tag, call)).join(" "));
    if (!isSilent()) ring({ volume: settings.volume });
  }
  return state.value;
}

// `?sound=off`: of several screens in one room, one is enough to hear.
export function isSilent() {
  return new URLSearchParams(location.search).get("sound") === "off";
}

export function Calling({ announcements: { shown, past } }) {
  return html`<section class="calling" aria-labelledby="now">
    <h1 id="now" class="heading"><${Say} words="web.board.now" className="aside" /></h1>
    ${shown ? html`<${Shown} key=${shown.call.id} call=${shown.call} />` : html`<${Nobody} />`}
    ${past.length > 0 && html`<${Past} calls=${past} />`}
  </section>`;
}

function Shown({ call }) {
  const box = useRef(null);
  useLayoutEffect(() => box.current.style.setProperty("--chars", Math.max(4, call.label.length)), []);
  return html`<div class="shown" data-call=${call.id} ref=${box}>
    ${call.times > 1 && html`<p class="again"><${Icon} name="bell-ring" /><${Say} words="web.board.again" className="aside" /></p>`}
    <p class="shown-label label">${call.label}</p>
    <p class="shown-window">
      <${Icon} name="arrow-right" />
      <${Say} words="web.window" params=${{ number: call.window }} />
    </p>
  </div>`;
}

function Nobody() {
  return html`<div class="nobody">
    <p class="nobody-title"><${Say} words="web.board.none" /></p>
    <p class="soft"><${Say} words="web.board.none.hint" /></p>
  </div>`;
}

function Past({ calls }) {
  return html`<div class="past">
    <h2 class="heading"><${Say} words="web.board.before" className="aside" /></h2>
    <ol class="past-calls">
      ${calls.map(
        (call) => html`<li key=${call.id} data-past=${call.id}>
          <span class="past-label">${call.label}</span><${Icon} name="arrow-right" /><span class="past-window">${call.window}</span>
          <span class="unseen"><${Say} words="web.window" params=${{ number: call.window }} /></span>
        </li>`,
      )}
    </ol>
  </div>`;
}

function spoken(tag, { label, window, times }) {
  const key = times > 1 ? "web.board.announce.again" : "web.board.announce";
  return said(tag, key, { label, number: window, times });
}
