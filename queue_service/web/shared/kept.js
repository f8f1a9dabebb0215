// What this browser keeps between visits. Storage may be forbidden or full: then it is kept until the page is closed.
const fallback = new Map();

export function kept(name, otherwise) {
  try {
    return localStorage.getItem(name) ?? otherwise;
  } catch {
    return fallback.get(name) ?? otherwise;
  }
}

export function keep(name, text) {
  fallback.set(name, text);
  try {
    localStorage.setItem(name, text);
  } catch {
    // Kept in `fallback` alone.
  }
}
