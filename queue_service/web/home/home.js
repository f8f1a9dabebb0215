// The front page: every branch with its live waits, and the way to every page.
import { html } from "../vendor/htm-preact.js";
import { useEffect } from "../vendor/preact-hooks.js";
import { useSignal } from "../vendor/signals.js";
import { get, Refused } from "../shared/api.js";
import { Chip, Freshness, Icon, Switches, useLive, WaitRange } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";
import { start } from "../shared/page.js";
import { clockOrDay } from "../shared/time.js";

// So many branches are followed live; the rest show what the first answer said.
const LIVE_BRANCHES_MAX = 12;

const ICONS = { counter: "monitor", guide: "map-pin", manager: "chart-column", kiosk: "tablet-smartphone", display: "monitor" };

function Home() {
  const branches = useSignal(null);
  const pages = useSignal([]);
  const problem = useSignal("");
  useEffect(() => {
    Promise.all([get("/api/v1/branches"), get("/pages.json")]).then(
      ([answer, listed]) => {
        branches.value = answer.branches;
        pages.value = listed;
      },
      (refused) => {
        if (!(refused instanceof Refused)) throw refused;
        problem.value = refused.message;
      },
    );
  }, []);

  return html`
    <header class="home-head row">
      <img class="mark" src=${new URL("../shared/mark.svg", import.meta.url)} alt="" />
      <h1>${t("web.product")}</h1>
      <span class="push"><${Switches} /></span>
    </header>
    <main class="home stack">
      <p class="soft">${t("web.home.lead")}</p>
      <div role="alert">
        ${problem.value && html`<p class="message now"><${Icon} name="wifi-off" /><span>${problem}</span></p>`}
      </div>
      <h2 class="unseen">${t("web.home.branches")}</h2>
      ${branches.value === null && !problem.value && html`<p role="status">${t("web.loading")}</p>`}
      ${branches.value?.length === 0 && html`<p>${t("web.home.none")}</p>`}
      <ul class="branches">
        ${branches.value?.map((branch, index) => {
          const Card = index < LIVE_BRANCHES_MAX ? LiveBranch : Branch;
          return html`<li key=${branch.id}><${Card} summary=${branch} pages=${pages.value.filter((page) => page.by_branch)} /></li>`;
        })}
      </ul>
      <${Pages} pages=${pages.value.filter((page) => !page.by_branch)} />
    </main>
  `;
}

function LiveBranch({ summary, pages }) {
  const live = useLive(`/api/v1/branches/${encodeURIComponent(summary.id)}/live?view=board`);
  const board = live?.view.value;
  const shown = board ? { ...summary, ...board.branch, services: board.services } : summary;
  return html`<${Branch} summary=${shown} pages=${pages} live=${live} />`;
}

function Branch({ summary, pages, live }) {
  const { id, name, address, services } = summary;
  return html`<article class="card stack branch" aria-labelledby=${`branch-${id}`}>
    <header class="stack branch-head">
      <div class="row">
        <h3 id=${`branch-${id}`}>${pick(name)}</h3>
        <span class="push"><${Doors} summary=${summary} /></span>
      </div>
      ${pick(address) && html`<p class="soft row place"><${Icon} name="map-pin" />${pick(address)}</p>`}
    </header>
    <table class="table">
      <thead>
        <tr>
          <th scope="col">${t("web.home.service")}</th>
          <th scope="col" class="number">${t("web.home.waiting")}</th>
          <th scope="col" class="number">${t("web.home.wait")}</th>
        </tr>
      </thead>
      <tbody>
        ${services.map((service) => html`<${Service} key=${service.id} service=${service} />`)}
      </tbody>
    </table>
    <footer class="row">
      ${pages.map((page) => html`<${PageLink} key=${page.id} page=${page} url=${`${page.url}?branch=${encodeURIComponent(id)}`} />`)}
      <span class="push">${live ? html`<${Freshness} live=${live} />` : html`<span class="soft">${t("web.home.snapshot")}</span>`}</span>
    </footer>
  </article>`;
}

// Whether numbers are given now, and when that changes.
function Doors({ summary: { open, numbers, opens_at, closes_at, time_zone } }) {
  if (numbers) {
    return html`<${Chip} tone="good" icon="door-open">
      ${t("web.home.open")}${closes_at && html`<span> · ${t("web.home.closes_at", { at: clockOrDay(closes_at, time_zone) })}</span>`}
    <//>`;
  }
  return html`<${Chip} icon="door-closed">
    ${open ? t("web.home.no_numbers") : t("web.home.closed")}
    ${opens_at && html`<span> · ${t("web.home.opens_at", { at: clockOrDay(opens_at, time_zone) })}</span>`}
  <//>`;
}

function Service({ service }) {
  return html`<tr>
    <td><span class="prefix">${service.prefix}</span> ${pick(service.name)}</td>
    <td class="number">${service.waiting}</td>
    <td class="number">${service.open ? html`<${WaitRange} wait=${service.wait} />` : html`<span class="soft">${t("web.home.not_offered")}</span>`}</td>
  </tr>`;
}

function Pages({ pages }) {
  if (pages.length === 0) return null;
  return html`<nav class="stack" aria-labelledby="pages">
    <h2 id="pages">${t("web.home.pages")}</h2>
    <p class="row">${pages.map((page) => html`<${PageLink} key=${page.id} page=${page} url=${page.url} />`)}</p>
  </nav>`;
}

function PageLink({ page, url }) {
  return html`<a class="button" href=${url}><${Icon} name=${ICONS[page.id] ?? "chevron-right"} />${t(`web.home.page.${page.id}`)}</a>`;
}

start(Home);
