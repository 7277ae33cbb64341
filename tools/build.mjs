// Builds static/build/ from static/css, static/js and the icons the templates name. Same input, same bytes.
//
//   node tools/build.mjs          once, minified
//   node tools/build.mjs --watch  again whenever a source changes
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, "static", "build");
const options = { bundle: true, minify: true, charset: "utf8", legalComments: "none", logLevel: "warning", absWorkingDir: root };

function files(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

// ── styles: what is bought first, then ours by folder, each folder in alphabetical order; utilities win ──────────
const inter = "@fontsource-variable/inter/wght.css";
const tabler = "@tabler/core/dist/css/tabler.min.css";
const ours = (folder) => files(join(root, "static/css", folder), ".css").map((file) => "./" + relative(root, file).split(sep).join("/"));
const pieces = () => [...ours("base"), ...ours("components"), ...ours("screens"), "./static/css/utilities.css"];

async function styles() {
  const bundles = {
    "envol.css": [inter, tabler, ...pieces()],
    "public.css": [inter, ...ours("public"), ...pieces()], // without Tabler: a tenth of the weight
  };
  for (const [name, sheets] of Object.entries(bundles)) {
    await esbuild.build({
      ...options,
      stdin: { contents: sheets.map((sheet) => `@import "${sheet}";`).join("\n"), loader: "css", resolveDir: root },
      outfile: join(out, name),
      loader: { ".woff2": "file" },
      assetNames: "fonts/[name]",
    });
  }
}

// ── scripts: every file directly in static/js is an entry; what they share is in static/js/parts ────────────────
async function scripts() {
  const entryPoints = readdirSync(join(root, "static", "js")).filter((name) => name.endsWith(".js")).sort().map((name) => `static/js/${name}`);
  await esbuild.build({ ...options, entryPoints, outdir: out, format: "iife", target: "es2022" });
}

// ── icons: one sprite of the outline icons that templates and Python name ───────────────────────────────────────
// Templates: {% icon "send" %} and icon="send". Python: any literal in a file that speaks of icons.
const outline = join(root, "node_modules/@tabler/icons/icons/outline");
const skip = new Set(["node_modules", "static", "locale", "docs", "benchmarks"]);

function sources(folder, found = []) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || (folder === root && skip.has(entry.name))) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) sources(path, found);
    else if (/\.(html|py)$/.test(entry.name)) found.push(path);
  }
  return found;
}

function usedIcons() {
  const used = new Set();
  const missing = [];
  for (const path of sources(root)) {
    const text = readFileSync(path, "utf8");
    const isPython = path.endsWith(".py");
    if (isPython && !/icon/.test(text)) continue;
    const named = isPython ? /["']([a-z0-9-]+)["']/g : /(?:\{% icon |icon=)["']([^"']+)["']/g;
    for (const [, name] of text.matchAll(named)) {
      if (existsSync(join(outline, `${name}.svg`))) used.add(name);
      else if (!isPython) missing.push(`${relative(root, path)}: no outline icon is called "${name}"`);
    }
  }
  if (missing.length) throw new Error(missing.join("\n"));
  return [...used].sort();
}

function icons() {
  const symbols = usedIcons().map((name) => {
    const svg = readFileSync(join(outline, `${name}.svg`), "utf8");
    const body = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
    const shapes = body.replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, "").replace(/\s*\n\s*/g, "");
    return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
  });
  writeFileSync(join(out, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
  return symbols.length;
}

async function build() {
  rmSync(out, { recursive: true, force: true });
  await Promise.all([styles(), scripts()]);
  console.log(`static/build is ready (${icons()} icons)`);
}

try {
  await build();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

if (process.argv.includes("--watch")) {
  const { watch } = await import("node:fs");
  let timer;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => build().catch((error) => console.error(error.message)), 150);
  };
  for (const folder of ["static/css", "static/js", "templates"]) watch(join(root, folder), { recursive: true }, again);
}
