// Today's figures, by service and by window.
import { html } from "../vendor/htm-preact.js";
import { nameOf } from "../shared/colleagues.js";
import { Icon } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";
import { clock, minutes, minutesSeconds } from "../shared/time.js";

export function Today({ floor, figures }) {
  if (!figures) return html`<p role="status">${t("web.loading")}</p>`;
  const { issued, served, left, missed, diverted, wait_s_p50, wait_s_p90, wait_s_max, service_s_mean } = figures;
  return html`
    <dl class="tallies">
      <${Figure} name="issued">${issued}<//>
      <${Figure} name="served">${served}<//>
      <${Figure} name="left">${left}<//>
      <${Figure} name="missed">${missed}<//>
      <${Figure} name="diverted">${diverted}<//>
    </dl>
    <dl class="tallies">
      <${Figure} name="wait_p50">${duration(wait_s_p50, about)}<//>
      <${Figure} name="wait_p90">${duration(wait_s_p90, within)}<//>
      <${Figure} name="wait_max">${duration(wait_s_max, within)}<//>
      <${Figure} name="service_mean">${duration(service_s_mean, about)}<//>
    </dl>
    <${Services} floor=${floor} rows=${figures.services} />
    <${Windows} floor=${floor} rows=${figures.windows} />
    <p class="soft">${t("web.manager.today.at", { at: clock(figures.at, floor.branch.time_zone) })}</p>
  `;
}

function Figure({ name, children }) {
  return html`<div class="card tally"><dt>${t(`web.manager.figure.${name}`)}</dt><dd>${children}</dd></div>`;
}

function Services({ floor, rows }) {
  const most = Math.max(1, ...rows.map(({ issued }) => issued));
  return html`<${Table} id="by-service" title=${t("web.manager.today.services")}
    heads=${["issued", "served", "waiting", "left", "over_target", "wait_p50", "wait_p90", "service_mean"]} first=${t("web.service")}>
    ${rows.map((row) => {
      const service = floor.services.find(({ id }) => id === row.service);
      return html`<tr key=${row.service}>
        <th scope="row">${service ? html`<span class="prefix">${service.prefix}</span>${pick(service.name)}` : row.service}</th>
        <td><${Strip} part=${row.served} of=${row.issued} most=${most} /></td>
        <td class="number">${row.issued}</td>
        <td class="number">${row.served}</td>
        <td class="number">${row.waiting}</td>
        <td class="number">${row.left}</td>
        <td class="number">${row.over_target > 0 ? html`<span class="over"><${Icon} name="clock" />${row.over_target}</span>` : row.over_target}</td>
        <td class="number">${duration(row.wait_s_p50)}</td>
        <td class="number">${duration(row.wait_s_p90)}</td>
        <td class="number">${duration(row.service_s_mean)}</td>
      </tr>`;
    })}
  <//>`;
}

function Windows({ floor, rows }) {
  const most = Math.max(1, ...rows.map(({ served }) => served));
  return html`<${Table} id="by-window" title=${t("web.manager.today.windows")} heads=${["served", "service_mean"]} first=${t("web.window_word")}>
    ${rows.map((row) => {
      const window = floor.windows.find(({ number }) => number === row.window);
      return html`<tr key=${row.window}>
        <th scope="row">${t("web.window", { number: row.window })}${window?.teller && html` <span class="soft">${nameOf(window.teller)}</span>`}</th>
        <td><${Strip} part=${row.served} of=${row.served} most=${most} /></td>
        <td class="number">${row.served}</td>
        <td class="number">${duration(row.service_s_mean)}</td>
      </tr>`;
    })}
  <//>`;
}

function Table({ id, title, first, heads, children }) {
  return html`<section class="card stack" aria-labelledby=${id}>
    <h2 id=${id}>${title}</h2>
    <div class="wide" tabindex="0" role="group" aria-labelledby=${id}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">${first}</th>
            <td class="strip-head"></td>
            ${heads.map((name) => html`<th scope="col" class="number">${t(`web.manager.figure.${name}`)}</th>`)}
          </tr>
        </thead>
        <tbody>${children}</tbody>
      </table>
    </div>
  </section>`;
}

// What the numbers beside it say, as lengths: the part done within the whole, and the whole within the longest.
function Strip({ part, of, most }) {
  return html`<svg class="strip" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    <rect class="strip-all" width=${(100 * of) / most} height="10" />
    <rect class="strip-part" width=${(100 * part) / most} height="10" />
  </svg>`;
}

function duration(seconds, words = minutesSeconds) {
  return seconds === null ? html`<span class="soft">–</span>` : words(seconds);
}

// To the nearest minute: the tables have the seconds.
function about(seconds) {
  return minutes(Math.round(seconds / 60) * 60);
}

// To the minute that holds it: "within" and "longest" would be untrue a minute below.
function within(seconds) {
  return minutes(Math.ceil(seconds / 60) * 60);
}
