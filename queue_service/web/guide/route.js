// Where on the page the reader is: a tab, and in Waiting perhaps a person. Kept in the address, so that a phone's own way back works.
import { computed } from "../vendor/signals.js";
import { steps } from "../shared/address.js";

export const TABS = [
  { id: "hall", icon: "layout-grid" },
  { id: "waiting", icon: "users-round" },
  { id: "number", icon: "ticket" },
  { id: "alerts", icon: "bell" },
];

export const tab = computed(() => TABS.find(({ id }) => id === steps.value[0])?.id ?? "hall");

// Id of the ticket whose card is open; null without one.
export const person = computed(() => (tab.value === "waiting" && steps.value[1]) || null);

export function go(where) {
  location.hash = where;
}

export function goToPerson(id) {
  go(`waiting/${encodeURIComponent(id)}`);
}
