// Starts a page: words first, then the page itself.
import { html, render } from "../vendor/htm-preact.js";
import { Whole } from "./components.js";
import { loadWords } from "./i18n.js";

export async function start(Page) {
  await loadWords();
  render(html`<${Whole}><${Page} /><//>`, document.getElementById("page"));
}
