// Today's figures, asked for again when the hall has changed, but not at each change of a busy hall.
import { useEffect } from "../vendor/preact-hooks.js";
import { effect, useSignal } from "../vendor/signals.js";
import { get, Refused } from "../shared/api.js";

const PAUSE_MS_MIN = 5000;

// A signal of what the core tells; null before the first answer.
export function useFigures(branch, live) {
  const figures = useSignal(null);
  useEffect(() => {
    let timer = null;
    let asked_ms = -Infinity;
    let isOver = false;

    async function ask() {
      timer = null;
      asked_ms = performance.now();
      try {
        const told = await get(`/api/v1/branches/${encodeURIComponent(branch)}/figures`, { tries_max: 1 });
        if (!isOver) figures.value = told;
      } catch (refused) {
        if (!(refused instanceof Refused)) throw refused; // they say of when they are; the next change brings newer ones
      }
    }

    function due() {
      timer ??= setTimeout(ask, Math.max(0, asked_ms + PAUSE_MS_MIN - performance.now()));
    }

    const stop = effect(() => {
      if (live.seq.value >= 0 && live.isFresh.value) due();
    });
    return () => {
      isOver = true;
      stop();
      clearTimeout(timer);
    };
  }, [branch, live]);
  return figures;
}
