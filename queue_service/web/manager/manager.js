import { html } from "../vendor/htm-preact.js";
import { start } from "../shared/page.js";

start(() => html`<main></main>`);
