// Draws the countries and territories of Natural Earth once, as SVG paths by their ISO 3166-1
// numeric code, which is also their M49 code: node countries.mjs TABLE PICTURE
// The picture has all land as one shape, which a page takes from there and a browser keeps.
//
// Shapes are those of world-atlas (Natural Earth 1:50m, public domain). What is too small to be
// seen has no shape but a place; what has no code in ISO 3166-1 is drawn without one.
import { readFileSync, writeFileSync } from "node:fs";
import { geoArea, geoCentroid, geoEqualEarth, geoPath } from "d3-geo";
import polygonClipping from "polygon-clipping";
import { feature } from "topojson-client";
import { presimplify, simplify } from "topojson-simplify";

const WIDTH = 1000;
const SMALL = 6; // square pixels under which a shape cannot be seen
const LEAST = 0.18; // square degrees of the triangle that a point makes with its neighbours, else it goes
const PARTS = 2.5; // square pixels under which a part of a country goes

// Where Natural Earth draws as a part of another country what ISO 3166-1 lists: degrees.
const LISTED = {
  "074": [3.4, -54.4], // Bouvet Island
  162: [105.65, -10.5], // Christmas Island
  166: [96.85, -12.15], // Cocos (Keeling) Islands
  175: [45.15, -12.8], // Mayotte
  254: [-53.1, 3.95], // French Guiana
  312: [-61.55, 16.25], // Guadeloupe
  474: [-61, 14.65], // Martinique
  535: [-68.25, 12.2], // Bonaire, Sint Eustatius and Saba
  638: [55.5, -21.1], // Réunion
  744: [16, 78.5], // Svalbard and Jan Mayen
  772: [-171.8, -9.2], // Tokelau
};

// Natural Earth draws who holds an area; here it stands with the country or territory that the
// United Nations' maps and M49 count it to: the box is west, south, east, north in degrees.
const COUNTED = [
  { of: "504", to: "732", box: [-20, 20, -5, 27.6667] }, // Western Sahara, south of 27°40′ N
  { of: "643", to: "804", box: [32, 44, 36.6, 46.3] }, // Crimea
];
const WHOLE = { Somaliland: "706", "N. Cyprus": "196" };

const atlas = (name) =>
  JSON.parse(readFileSync(new URL(`node_modules/world-atlas/${name}.json`, import.meta.url)));

const fine = presimplify(atlas("countries-50m"));
const coarse = simplify(fine, LEAST);
const countries = feature(coarse, coarse.objects.countries).features;
const codeOf = (country) => country.id && String(country.id).padStart(3, "0");
const countryOf = (code) => countries.find((country) => codeOf(country) === code);
const parts = ({ type, coordinates }) => (type === "Polygon" ? [coordinates] : coordinates);

// On a sphere it is the direction of a ring that tells its inside.
function geometry(coordinates) {
  const turned = coordinates.map((rings) => {
    const [outer, ...holes] = rings;
    const isInverted = geoArea({ type: "Polygon", coordinates: [outer] }) > 2 * Math.PI;
    return [outer, ...holes].map((ring) => (isInverted ? [...ring].reverse() : ring));
  });
  return { type: "MultiPolygon", coordinates: turned };
}

for (const { of, to, box } of COUNTED) {
  const [west, south, east, north] = box;
  const area = [[[west, south], [east, south], [east, north], [west, north], [west, south]]];
  const [holder, listed] = [countryOf(of), countryOf(to)];
  const moved = polygonClipping.intersection(parts(holder.geometry), area);
  listed.geometry = geometry(polygonClipping.union(parts(listed.geometry), moved));
  holder.geometry = geometry(polygonClipping.difference(parts(holder.geometry), area));
}
for (const country of countries) {
  const code = WHOLE[country.properties.name];
  if (!code) continue;
  const listed = countryOf(code);
  listed.geometry = geometry(polygonClipping.union(parts(listed.geometry), parts(country.geometry)));
  country.geometry = null;
}

const projection = geoEqualEarth().fitWidth(WIDTH, { type: "Sphere" });
const path = geoPath(projection).digits(1);
const [[, top], [, bottom]] = path.bounds({ type: "Sphere" });

const shapes = {};
const centres = {};
const others = [];
const round = (point) => point.map((number) => Math.round(number * 10) / 10);

// The middle of the largest part: that of France lies in Europe.
function centre(country) {
  const each = parts(country.geometry).map((coordinates) => ({ type: "Polygon", coordinates }));
  const largest = each.reduce((a, b) => (geoArea(a) >= geoArea(b) ? a : b));
  return round(projection(geoCentroid(largest)));
}

// Parts that cannot be seen are left out; a country of such parts alone is a place.
function visible(country) {
  if (country.geometry.type !== "MultiPolygon") return country.geometry;
  const coordinates = country.geometry.coordinates.filter(
    (part) => path.area({ type: "Polygon", coordinates: part }) > PARTS,
  );
  return { type: "MultiPolygon", coordinates };
}

// The same path in steps from point to point, which takes half the room.
function stepwise(drawn) {
  return drawn.replace(/M([^MZ]*)Z?/g, (_, points) => {
    const tenths = points.split("L").map((pair) => pair.split(",").map((n) => Math.round(n * 10)));
    const text = (n) => String(n / 10).replace(/^(-?)0\./, "$1.");
    let [x, y] = tenths[0];
    const steps = tenths.slice(1).flatMap(([right, down]) => {
      const step = [right - x, down - y];
      [x, y] = [right, down];
      return step[0] || step[1] ? [step] : [];
    });
    if (steps.length < 2) return "";
    const ends = steps.map(([right, down]) => text(right) + (down < 0 ? "" : " ") + text(down));
    return `M${text(tenths[0][0])} ${text(tenths[0][1])}l${ends.join(" ").replace(/ -/g, "-")}z`;
  });
}

for (const country of countries) {
  if (!country.geometry) continue;
  const drawn = stepwise(path(visible(country)) ?? "");
  if (!country.id) {
    if (drawn) others.push(drawn);
    continue;
  }
  const code = codeOf(country);
  if (code in centres) {
    // A second part of the same country, such as a base of its armed forces elsewhere.
    if (drawn && path.area(country) > SMALL) shapes[code] = (shapes[code] ?? "") + drawn;
    continue;
  }
  centres[code] = centre(country);
  // The projection tears Antarctica apart at the edge of the map: it has a place only.
  if (code !== "010" && drawn && path.area(country) > SMALL) shapes[code] = drawn;
}

// The smallest ones are in the finest file alone.
const finest = atlas("countries-10m");
for (const country of feature(finest, finest.objects.countries).features) {
  const code = codeOf(country);
  if (code && !(code in centres)) centres[code] = centre(country);
}

for (const [code, degrees] of Object.entries(LISTED)) centres[code] ??= round(projection(degrees));

const sorted = (table) => Object.fromEntries(Object.entries(table).sort());
const lines = (table) =>
  Object.entries(sorted(table))
    .map(([code, value]) => `  ${JSON.stringify(code)}: ${JSON.stringify(value)}`)
    .join(",\n");
writeFileSync(
  process.argv[2],
  `{
 "width": ${WIDTH},
 "height": ${Math.ceil(bottom - top)},
 "shapes": {
${lines(shapes)}
 },
 "centres": {
${lines(centres)}
 },
 "others": [
${others.map((one) => `  ${JSON.stringify(one)}`).join(",\n")}
 ]
}
`,
);
writeFileSync(
  process.argv[3],
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${Math.ceil(bottom - top)}"><path id="land" d="${[
    ...Object.values(sorted(shapes)),
    ...others,
  ].join("")}"/></svg>
`,
);
