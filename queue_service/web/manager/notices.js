// Notices on the board: written in every language, with the moment at which they end.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useId, useLayoutEffect, useRef } from "../vendor/preact-hooks.js";
import { signal, useSignal } from "../vendor/signals.js";
import { get, Refused, send } from "../shared/api.js";
import { Chip, clearProblems, ConfirmInPlace, Icon, tell } from "../shared/components.js";
import { languageName, LANGUAGES, pick, t } from "../shared/i18n.js";
import { now } from "../shared/time.js";
import { moment, told, wall } from "./moments.js";

const NOTICES_MAX = 20;
const TEXT_CHARS_MAX = 200;
const END_OF_DAY = "23:59";

// What is being written: {original: notice or null, text, date, time}. It outlives a change of room.
const draft = signal(null);

export function Notices({ branch, floor, isFresh }) {
  const path = `/api/v1/branches/${encodeURIComponent(branch)}/notices`;
  const timeZone = floor.branch.time_zone;
  const known = useSignal(null);
  const problem = useSignal("");
  const isBusy = useSignal(false);
  const leaving = useSignal(null);
  const add = useRef(null);

  useEffect(() => {
    if (known.value === null && isFresh) load();
  }, [path, isFresh]);

  async function load() {
    try {
      known.value = await get(path);
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      problem.value = refused.message;
    }
  }

  // Replaces the list, without what has ended meanwhile. Somebody else may have changed it meanwhile: then the new list is shown and nothing is lost.
  async function publish(notices, { word }) {
    if (isBusy.value || !isFresh) return false;
    isBusy.value = true;
    problem.value = "";
    clearProblems();
    try {
      known.value = await send(path, { version: known.value.version, notices: notices.filter((notice) => !isOver(notice)) }, { method: "PUT" });
      tell(word);
      return true;
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      if (refused.code === "catalog.changed") {
        await load();
        problem.value = t("web.manager.notices.changed");
      } else {
        problem.value = refused.message;
      }
      return false;
    } finally {
      isBusy.value = false;
    }
  }

  async function save(notice) {
    const { original } = draft.value;
    const at = known.value.notices.findIndex((other) => isSame(other, original));
    const notices = at < 0 ? [...known.value.notices, notice] : known.value.notices.with(at, notice);
    if (await publish(notices, { word: t("web.manager.notices.saved") })) close();
  }

  async function remove(notice) {
    leaving.value = null;
    await publish(known.value.notices.filter((other) => other !== notice), { word: t("web.manager.notices.deleted") });
    add.current?.focus();
  }

  function close() {
    draft.value = null;
    problem.value = "";
    requestAnimationFrame(() => add.current?.focus());
  }

  function write(original) {
    leaving.value = null;
    problem.value = "";
    const until = original?.until ? wall(original.until, timeZone) : { date: "", time: END_OF_DAY };
    draft.value = { original, text: { ...original?.text }, ...until };
  }

  if (known.value === null) {
    return html`<div role="alert">${problem.value && html`<p class="message now"><${Icon} name="triangle-alert" /><span>${problem}</span></p>`}</div>
      ${!problem.value && html`<p role="status">${t("web.loading")}</p>`}`;
  }
  const { notices } = known.value;
  return html`<section class="stack notices" aria-labelledby="notices">
    <div class="row">
      <h2 id="notices">${t("web.manager.notices")}</h2>
      <span class="push">
        <button type="button" class="button main" ref=${add} disabled=${draft.value !== null || notices.length >= NOTICES_MAX} onClick=${() => write(null)}>
          <${Icon} name="plus" />${t("web.manager.notices.add")}
        </button>
      </span>
    </div>
    <p class="soft">${t("web.manager.notices.lead")}</p>
    <div role="alert">${problem.value && html`<p class="message soon"><${Icon} name="info" /><span>${problem}</span></p>`}</div>
    ${draft.value && html`<${Writing} timeZone=${timeZone} isPossible=${isFresh && !isBusy.value} onSave=${save} onBack=${close} onProblem=${(text) => (problem.value = text)} />`}
    ${notices.length === 0 && html`<p class="soft">${t("web.manager.notices.none")}</p>`}
    <ul class="stack">
      ${notices.map(
        (notice) => html`<li class="card stack notice" key=${JSON.stringify(notice)}>
          <p class="notice-text">${pick(notice.text)}</p>
          ${Object.entries(notice.text).filter(([, text]) => text !== pick(notice.text)).map(([tag, text]) => html`<p class="soft" lang=${tag}>${text}</p>`)}
          <div class="row">
            <span class="soft row"><${Icon} name="calendar-clock" />${notice.until ? t("web.manager.notices.until", { at: told(notice.until, timeZone) }) : t("web.manager.notices.for_ever")}</span>
            <${Ended} notice=${notice} />
            <span class="row push">
              <button type="button" class="button quiet" disabled=${!isFresh || draft.value !== null} onClick=${() => write(notice)}>
                <${Icon} name="pencil" />${t("web.manager.notices.edit")}<span class="unseen">: ${pick(notice.text)}</span>
              </button>
              <button type="button" class="button quiet" disabled=${!isFresh || draft.value !== null} onClick=${() => (leaving.value = notice)}>
                <${Icon} name="trash-2" />${t("web.manager.notices.delete")}<span class="unseen">: ${pick(notice.text)}</span>
              </button>
            </span>
          </div>
          ${leaving.value === notice &&
          html`<${ConfirmInPlace}
            question=${t("web.manager.notices.delete.question")}
            actions=${[{ text: t("web.manager.notices.delete"), run: () => remove(notice), grave: true }]}
            onBack=${() => {
              leaving.value = null;
              add.current?.focus();
            }}
          />`}
        </li>`,
      )}
    </ul>
  </section>`;
}

// Alone, because it changes with the clock.
function Ended({ notice }) {
  return isOver(notice) && html`<${Chip} icon="check">${t("web.manager.notices.ended")}<//>`;
}

function isOver({ until }) {
  return until !== null && Date.parse(until) <= now.value;
}

function isSame(one, other) {
  return other !== null && JSON.stringify(one) === JSON.stringify(other);
}

function Writing({ timeZone, isPossible, onSave, onBack, onProblem }) {
  const id = useId();
  const first = useRef(null);
  useLayoutEffect(() => first.current.focus(), []);
  const { original, text, date, time } = draft.value;

  const change = (changed) => (draft.value = { ...draft.value, ...changed });

  function submit(event) {
    event.preventDefault();
    if (!isPossible) return;
    const until = date === "" ? null : moment({ date, time: time || END_OF_DAY }, timeZone);
    if (until !== null && Date.parse(until) <= now.peek()) {
      onProblem(t("web.manager.notices.past"));
      return;
    }
    onSave({ text: Object.fromEntries(LANGUAGES.map((tag) => [tag, text[tag].trim()])), until });
  }

  return html`<form class="card stack writing" aria-labelledby=${`${id}title`} onSubmit=${submit} onKeyDown=${(event) => event.key === "Escape" && onBack()}>
    <h3 id=${`${id}title`}>${t(original ? "web.manager.notices.edit" : "web.manager.notices.add")}</h3>
    ${LANGUAGES.map(
      (tag, index) => html`<div class="field" key=${tag}>
        <label for=${`${id}${tag}`} lang=${tag}>${languageName(tag)}</label>
        <input class="input" id=${`${id}${tag}`} lang=${tag} required pattern=".*\\S.*" maxlength=${TEXT_CHARS_MAX} ref=${index === 0 ? first : null}
          value=${text[tag] ?? ""} onInput=${({ target }) => change({ text: { ...draft.peek().text, [tag]: target.value } })} />
      </div>`,
    )}
    <div class="row writing-end">
      <div class="field">
        <label for=${`${id}date`}>${t("web.manager.notices.end_date")}</label>
        <input class="input" type="date" id=${`${id}date`} value=${date} onInput=${({ target }) => change({ date: target.value })} />
      </div>
      <div class="field">
        <label for=${`${id}time`}>${t("web.manager.notices.end_time")}</label>
        <input class="input" type="time" id=${`${id}time`} value=${time} onInput=${({ target }) => change({ time: target.value })} />
      </div>
      <p class="soft">${t("web.manager.notices.end_hint", { zone: timeZone })}</p>
    </div>
    <div class="row">
      <button class="button main" disabled=${!isPossible}><${Icon} name="check" />${t("web.manager.notices.save")}</button>
      <button type="button" class="button" onClick=${onBack}>${t("web.back")}</button>
    </div>
  </form>`;
}
