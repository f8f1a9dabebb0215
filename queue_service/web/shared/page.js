// Starts a page: words first, then the page itself. `language` is spoken to who has chosen none.
import { html, render } from "../vendor/htm-preact.js";
import { Whole } from "./components.js";
import { loadWords } from "./i18n.js";

export async function start(Page, { language } = {}) {
  await loadWords(language);
  render(html`<${Whole}><${Page} /><//>`, document.getElementById("page"));
}
