// Every window with its services, its state, whom it serves and how many wait for it: people choose well because of this.
import { html } from "../vendor/htm-preact.js";
import { useLayoutEffect, useRef } from "../vendor/preact-hooks.js";
import { own, Say, Each } from "./words.js";

const ONE_COLUMN_MAX = 14;

export function Windows({ board }) {
  const seen = board.windows.filter((window) => !window.roaming || window.state !== "closed");
  const columns = seen.length > ONE_COLUMN_MAX ? 2 : 1;
  const rows = Math.ceil(seen.length / columns);
  const names = new Map(board.services.map((service) => [service.id, service.name]));
  const box = useRef(null);
  useLayoutEffect(() => box.current.style.setProperty("--rows", rows), [rows]);
  return html`<section class="windows" data-columns=${columns} aria-labelledby="windows" ref=${box}>
    <h2 id="windows" class="unseen"><${Say} words="web.board.windows" /></h2>
    ${Array.from({ length: columns }, (_, column) => {
      const part = seen.slice(column * rows, (column + 1) * rows);
      return html`<table key=${column} class="window-table">
        <thead>
          <tr>
            <th scope="col"><${Say} words="web.board.windows" /></th>
            <th scope="col"><${Say} words="web.board.services" /></th>
            <th scope="col"><${Say} words="web.board.current" /></th>
            <th scope="col" class="number"><${Say} words="web.board.waiting" /></th>
          </tr>
        </thead>
        <tbody>
          ${part.map((window) => html`<${Window} key=${window.number} window=${window} names=${names} />`)}
        </tbody>
      </table>`;
    })}
  </section>`;
}

function Window({ window, names }) {
  const services = window.services.map((id) => names.get(id)).filter(Boolean);
  const isAway = window.state === "closed" || window.state === "paused";
  return html`<tr class=${isAway ? "away" : ""} data-window=${window.number} data-state=${window.state}>
    <th scope="row" class="window-number">${window.number}</th>
    <td class="window-services"><${Each} tell=${(tag) => services.map((name) => own(name, tag)).join(" · ")} /></td>
    <td class="window-current">${window.serving ? html`<span class="window-label">${window.serving}</span>` : html`<${State} state=${window.state} />`}</td>
    <td class="number window-waiting">${isAway ? "–" : window.waiting}</td>
  </tr>`;
}

function State({ state }) {
  if (state === "closed") return html`<${Say} words="web.window.closed" className="state" />`;
  if (state === "paused") return html`<${Say} words="web.window.paused" className="state" />`;
  return html`<${Say} words="web.window.open" className="state free" />`;
}
