// What became of the customer between two views of a window, in words for who does not see them.
import { t } from "./i18n.js";

export function happened(before, after) {
  const news = [left(before, after), called(before.ticket, after.ticket)].filter(Boolean);
  return news.length > 0 ? news.join(" ") : null;
}

function called(before, ticket) {
  if (ticket?.status !== "called") return null;
  if (ticket.id !== before?.id || before.status !== "called") return t("web.counter.announce.called", { label: spelt(ticket) });
  return ticket.calls > before.calls ? t("web.counter.announce.recalled", { label: spelt(ticket), count: ticket.calls }) : null;
}

function left({ ticket }, after) {
  if (ticket === null || ticket.id === after.ticket?.id) return null;
  if (after.undo?.id === ticket.id) return t("web.counter.announce.finished", { label: spelt(ticket) });
  if (after.missed.some(({ id }) => id === ticket.id)) return t("web.counter.announce.missed", { label: spelt(ticket) });
  return null;
}

// "A 0 1 2", or a reader would say a word and a number.
function spelt({ label }) {
  return [...label].join(" ");
}
