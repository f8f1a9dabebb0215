// What the page's address says and is kept to say, so that a reload or a bookmark comes back to the same place.
import { computed, effect, signal } from "../vendor/signals.js";
import { staff } from "./api.js";

// The query parameter `name`, as a signal; null where the address has none. What is written to it stands in the address.
export function inAddress(name) {
  const value = signal(new URLSearchParams(location.search).get(name));
  effect(() => {
    const search = new URLSearchParams(location.search);
    if (value.value === null) search.delete(name);
    else search.set(name, value.value);
    history.replaceState(null, "", `${location.pathname}${search.size ? `?${search}` : ""}${location.hash}`);
  });
  return value;
}

const asked = inAddress("branch");

// The branch that the page is for: the address's, else the reader's own; null for who has to choose one.
export const branch = computed(() => asked.value ?? staff.value?.branch ?? null);

export function chooseBranch(id) {
  asked.value = id;
}

// To the own branch, or for who has none to the choice of one.
export function leaveBranch() {
  asked.value = null;
}

const hash = signal(location.hash);
addEventListener("hashchange", () => (hash.value = location.hash));

// The steps of the address's hash: "#waiting/abc" is ["waiting", "abc"].
export const steps = computed(() => hash.value.slice(1).split("/").map(decoded));

function decoded(step) {
  try {
    return decodeURIComponent(step);
  } catch (malformed) {
    if (!(malformed instanceof URIError)) throw malformed;
    return step;
  }
}
