// What a query may go on with: keywords, variables, prefixes, terms of the ontology and of others
// that the data use, concepts, and entities by their names.
const KEYWORDS = (
  "SELECT DISTINCT REDUCED CONSTRUCT DESCRIBE ASK WHERE FILTER OPTIONAL UNION MINUS GRAPH SERVICE BIND VALUES " +
  "ORDER BY ASC DESC LIMIT OFFSET GROUP HAVING AS PREFIX BASE FROM NAMED UNDEF EXISTS NOT IN COUNT SUM MIN MAX AVG " +
  "SAMPLE GROUP_CONCAT STR LANG LANGMATCHES DATATYPE BOUND COALESCE IF REGEX CONTAINS STRSTARTS STRENDS LCASE " +
  "UCASE STRLEN SUBSTR REPLACE CONCAT YEAR MONTH DAY NOW ABS ROUND CEIL FLOOR isIRI isLITERAL isBLANK isNUMERIC IRI"
).split(" ");
const MOST = 60;
const SHORT = 2;
const LOCAL = /^[\p{L}\p{N}_]([\p{L}\p{N}_.-]*[\p{L}\p{N}_-])?$/u;

let known = null;

function terms(address) {
  known ??= fetch(`${address}?lang=${document.documentElement.lang}`)
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer)))
    .catch(() => {
      known = null; // asked again at the next letter
      return { prefixes: {}, terms: [] };
    });
  return known;
}

function shortened(iri, prefixes) {
  let best = "";
  for (const [prefix, namespace] of Object.entries(prefixes)) {
    if (iri.startsWith(namespace) && namespace.length > (prefixes[best]?.length ?? 0)) {
      if (LOCAL.test(iri.slice(namespace.length))) best = prefix;
    }
  }
  return best ? `${best}:${iri.slice(prefixes[best].length)}` : `<${iri}>`;
}

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

// Whether a text begins so, then a word of it, then anything of it; null where it does not fit.
function rank(text, typed) {
  const at = plain(text).indexOf(typed);
  if (at < 0) return null;
  return at === 0 ? 0 : /[\p{L}\p{N}]/u.test(plain(text)[at - 1]) ? 2 : 1;
}

function fitting(options, typed) {
  const found = [];
  for (const option of options) {
    const local = option.label.slice(option.label.indexOf(":") + 1);
    const ranks = [rank(local, typed), rank(option.detail ?? "", typed)].filter((one) => one !== null);
    if (ranks.length) found.push([Math.min(...ranks), option]);
  }
  return found.sort((one, other) => one[0] - other[0]).slice(0, MOST).map(([, option]) => option);
}

async function entities(address, typed, prefixes) {
  if (!address || typed.length < SHORT) return [];
  const asked = new URLSearchParams({ q: typed, lang: document.documentElement.lang });
  const answer = await fetch(`${address}?${asked}`).catch(() => null);
  if (!answer?.ok) return [];
  return (await answer.json()).suggestions.map((one) => ({
    label: shortened(one.iri, prefixes),
    detail: [one.label, one.found, one.type].filter(Boolean).join(" · "),
    type: "constant",
  }));
}

function declared(text) {
  const found = {};
  for (const [, prefix, namespace] of text.matchAll(/PREFIX\s+([\p{L}\p{N}_.-]*):\s*<([^<>"{}|^`\\\s]*)>/giu)) {
    found[prefix] = namespace;
  }
  return found;
}

export function completions({ terms: termsAt, suggest: suggestAt }) {
  return async (context) => {
    if (context.tokenBefore(["string", "comment"])) return null;
    const variable = context.matchBefore(/[?$][\p{L}\p{N}_]*/u);
    const text = context.state.doc.toString();
    if (variable) {
      const names = new Set([...text.matchAll(/[?$]([\p{L}\p{N}_]+)/gu)].map((one) => `?${one[1]}`));
      names.delete(variable.text);
      const options = [...names].map((label) => ({ label, type: "variable" }));
      return { from: variable.from, options, validFor: /^[?$][\p{L}\p{N}_]*$/u };
    }
    const word = context.matchBefore(/[\p{L}\p{N}_-]*:?[\p{L}\p{N}_.-]*/u);
    if (!word || (word.from === word.to && !context.explicit)) return null;
    const data = await terms(termsAt);
    const prefixes = { ...data.prefixes, ...declared(text) };
    const options = data.terms.map(({ iri, label, kind, about }) => ({
      label: shortened(iri, prefixes),
      detail: label === iri ? undefined : label,
      info: about ?? undefined,
      type: kind,
    }));
    const [prefix, local] = word.text.includes(":") ? word.text.split(":", 2) : [null, word.text];
    if (prefix !== null) {
      const within = options.filter((one) => one.label.startsWith(`${prefix}:`));
      const found = fitting(within, plain(local));
      const named = await entities(suggestAt, local.replace(/[-_.]/g, " ").trim(), prefixes);
      const seen = new Set(found.map((one) => one.label));
      found.push(...named.filter((one) => one.label.startsWith(`${prefix}:`) && !seen.has(one.label)));
      return found.length ? { from: word.from, options: found, filter: false } : null;
    }
    const typed = plain(local);
    const starts = (one) => plain(one).startsWith(typed);
    const found = [
      ...KEYWORDS.filter(starts).map((label) => ({ label, type: "keyword" })),
      ...Object.keys(prefixes).filter(starts).map((name) => ({ label: `${name}:`, detail: prefixes[name], type: "namespace" })),
      ...(typed.length < SHORT ? [] : fitting(options.filter((one) => one.type !== "constant"), typed).slice(0, 12)),
      ...(await entities(suggestAt, local, prefixes)),
      ...(typed.length < SHORT ? [] : fitting(options.filter((one) => one.type === "constant"), typed).slice(0, 12)),
    ];
    const once = [...new Map(found.map((one) => [one.label, one])).values()];
    return { from: word.from, options: once, filter: false };
  };
}
