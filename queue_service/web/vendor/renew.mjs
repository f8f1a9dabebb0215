// Takes the third-party modules of VENDORED.md into this folder: `node renew.mjs` (needs node and npm; nothing else does).
//
// A page may not carry an import map under our content security policy, so bare imports become relative paths here.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const AXE = join(HERE, "../../../tests/web/vendor");

const PACKAGES = {
  "preact": "11.2.0",
  "htm": "3.1.1",
  "@preact/signals": "2.11.4",
  "@preact/signals-core": "1.14.5",
  "lucide-static": "1.62.0",
  "axe-core": "4.14.1",
};

// [file here, its package, its path there]
const MODULES = [
  ["preact.js", "preact", "dist/preact.mjs"],
  ["preact-hooks.js", "preact", "hooks/dist/hooks.mjs"],
  ["htm.js", "htm", "dist/htm.mjs"],
  ["htm-preact.js", "htm", "preact/index.mjs"],
  ["signals-core.js", "@preact/signals-core", "dist/signals-core.mjs"],
  ["signals.js", "@preact/signals", "dist/signals.mjs"],
];
const IMPORTS = {
  "preact": "./preact.js",
  "preact/hooks": "./preact-hooks.js",
  "htm": "./htm.js",
  "@preact/signals-core": "./signals-core.js",
};
const LICENCES = [
  ["LICENSE.preact", "preact"],
  ["LICENSE.htm", "htm"],
  ["LICENSE.signals", "@preact/signals"],
  ["LICENSE.lucide", "lucide-static"],
];
const ICONS = [
  "a-large-small", "accessibility", "arrow-left", "arrow-right", "arrow-right-left", "banknote", "bell", "bell-ring",
  "bookmark", "briefcase-business", "building-2", "calendar-clock", "card-sim", "chart-column", "check",
  "chevron-right", "circle-check", "circle-pause", "circle-user-round", "clock", "credit-card", "door-closed",
  "door-open", "gem", "globe", "hand-coins", "hand-helping", "hourglass", "id-card", "info", "keyboard", "languages",
  "layout-grid", "list-checks", "log-in", "log-out", "map-pin", "megaphone", "message-circle-question-mark", "monitor",
  "pause", "pencil", "play", "plus", "printer", "printer-check", "printer-x", "rotate-ccw", "router", "search", "send",
  "smartphone", "store", "sun-moon", "tablet-smartphone", "ticket", "timer", "trash-2", "triangle-alert", "undo-2",
  "user", "user-check", "user-plus", "user-x", "users", "users-round", "volume-2", "volume-x", "wallet-cards",
  "wifi-off", "x", "zap",
];

const folder = mkdtempSync(join(tmpdir(), "vendor-"));
writeFileSync(join(folder, "package.json"), "{}");
const wanted = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
execFileSync("npm", ["install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", ...wanted], { cwd: folder, stdio: "inherit" });
const path = (name, file) => join(folder, "node_modules", name, file);

const relative = (bare) => {
  if (bare in IMPORTS) return IMPORTS[bare];
  throw new Error(`${bare} is imported and not vendored`);
};
for (const [file, name, source] of MODULES) {
  const text = readFileSync(path(name, source), "utf8")
    .replace(/(\bfrom\s*)"([^".][^"]*)"/g, (_, from, bare) => `${from}"${relative(bare)}"`)
    .replace(/\/\/# sourceMappingURL=.*\n?/, "");
  writeFileSync(join(HERE, file), text.trimEnd() + "\n");
}
for (const [file, name] of LICENCES) copyFileSync(path(name, "LICENSE"), join(HERE, file));
copyFileSync(path("axe-core", "axe.min.js"), join(AXE, "axe.min.js"));
copyFileSync(path("axe-core", "LICENSE"), join(AXE, "LICENSE.axe-core"));

const shapes = (name) =>
  [...readFileSync(path("lucide-static", `icons/${name}.svg`), "utf8").matchAll(/<(path|circle|rect|line|polyline|polygon|ellipse) ([^>]*?)\s*\/>/g)].map(
    ([, tag, attributes]) => [tag, Object.fromEntries([...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value]))],
  );
const icons = ICONS.map((name) => `  ${JSON.stringify(name)}: ${JSON.stringify(shapes(name))},\n`).join("");
writeFileSync(
  join(HERE, "icons.js"),
  `// Shapes of the Lucide icons that the pages use, 24 × 24, drawn with a stroke (ISC, see LICENSE.lucide).\nexport const ICONS = {\n${icons}};\n`,
);
rmSync(folder, { recursive: true });

const licence = { "preact": "MIT", "htm": "Apache-2.0", "@preact/signals": "MIT", "@preact/signals-core": "MIT", "lucide-static": "ISC" };
const rows = [...MODULES, ["icons.js", "lucide-static"]].map(([file, name]) => {
  const sha256 = createHash("sha256").update(readFileSync(join(HERE, file))).digest("hex");
  return `| ${file} | ${name} | ${PACKAGES[name]} | ${licence[name]} | \`${sha256}\` |\n`;
});
writeFileSync(
  join(HERE, "VENDORED.md"),
  `# Vendored modules

Third-party ES modules that the pages load as they are; there is no build step. \`renew.mjs\` wrote this folder: it rewrites bare imports to
relative paths, drops source maps, and takes from Lucide only the icons named in it. Licences: \`LICENSE.*\`. A test compares the hashes.

| file | package | version | licence | sha256 |
|---|---|---|---|---|
${rows.join("")}`,
);
