// What a switch of the window plan asks before it is done.
import { language, pick, t } from "./i18n.js";

export function planQuestion({ windows }, plan) {
  const used = new Map(plan.windows.map(({ number, services }) => [number, services]));
  const of = (test) => windows.filter(test).map(({ number }) => String(number));
  const isUsed = ({ services }) => services.length > 0;
  const isOther = ({ number, services }) => used.get(number).join() !== services.join();
  const changes = [
    ["web.plan.close", of((window) => isUsed(window) && !used.has(window.number))],
    ["web.plan.open", of((window) => !isUsed(window) && used.has(window.number))],
    ["web.plan.other_services", of((window) => isUsed(window) && used.has(window.number) && isOther(window))],
  ];
  const told = changes.filter(([, numbers]) => numbers.length > 0).map(([key, numbers]) => t(key, { windows: listed(numbers) }));
  return [t("web.plan.question", { name: pick(plan.name) }), ...told].join(" ");
}

function listed(numbers) {
  return new Intl.ListFormat(language.value, { type: "conjunction" }).format(numbers);
}
