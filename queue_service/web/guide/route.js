// Where on the page the reader is: a tab, and in Waiting perhaps a person. Kept in the address, so that a phone's own way back works.
import { computed, signal } from "../vendor/signals.js";

export const TABS = [
  { id: "hall", icon: "layout-grid" },
  { id: "waiting", icon: "users-round" },
  { id: "number", icon: "ticket" },
  { id: "alerts", icon: "bell" },
];

const hash = signal(location.hash);
addEventListener("hashchange", () => (hash.value = location.hash));

const parts = computed(() => hash.value.slice(1).split("/"));

export const tab = computed(() => TABS.find(({ id }) => id === parts.value[0])?.id ?? "hall");

// Id of the ticket whose card is open; null without one.
export const person = computed(() => (tab.value === "waiting" && parts.value[1] ? decodeURIComponent(parts.value[1]) : null));

export function go(where) {
  location.hash = where;
}

export function goToPerson(id) {
  go(`waiting/${encodeURIComponent(id)}`);
}
