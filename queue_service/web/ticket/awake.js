// Keeps the screen on while a call may come, where the phone allows it.
import { useEffect } from "../vendor/preact-hooks.js";

export function useAwake(isWanted) {
  useEffect(() => {
    if (!isWanted || !navigator.wakeLock) return undefined;
    let lock = null;
    let isDone = false;

    // A page that is not seen loses its lock, and asks again when it is.
    async function hold() {
      if (document.visibilityState !== "visible") return;
      try {
        const held = await navigator.wakeLock.request("screen");
        if (isDone) held.release();
        else lock = held;
      } catch (refused) {
        if (!(refused instanceof DOMException)) throw refused; // a low battery, say
      }
    }

    hold();
    document.addEventListener("visibilitychange", hold);
    return () => {
      isDone = true;
      document.removeEventListener("visibilitychange", hold);
      lock?.release();
    };
  }, [isWanted]);
}
