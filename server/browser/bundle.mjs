// Bundles the SPARQL editor into one file, with the licences of what is in it beside:
// node bundle.mjs FOLDER
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const folder = process.argv[2];
const NAME = "sparql.js";

const made = await build({
  entryPoints: ["sparql.mjs"],
  bundle: true,
  preserveSymlinks: true,
  minify: true,
  format: "iife",
  target: ["chrome111", "firefox113", "safari16.4"],
  legalComments: "none",
  metafile: true,
  write: false,
});

const inside = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//;
const names = new Set(Object.keys(made.metafile.inputs).map((path) => inside.exec(path)?.[1]).filter(Boolean));
const licences = new Map();
const packages = [...names].sort().map((name) => {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  const text = readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim();
  licences.set(text, [...(licences.get(text) ?? []), `${name} ${version} (${license})`]);
  return `${name} ${version}`;
});
const notice = [...licences].map(([text, held]) => `${held.join("\n")}\n\n${text}\n`).join(`\n${"-".repeat(72)}\n\n`);
const banner = `/* The SPARQL editor of migov (MIT), bundled with ${packages.join(", ")}; licences: ${NAME}.LICENSE.txt */\n`;
writeFileSync(`${folder}/${NAME}`, banner + made.outputFiles[0].text);
writeFileSync(`${folder}/${NAME}.LICENSE.txt`, notice);
