/** @file The page's own words, in the language of the option; elements name theirs in data-text. */

const LANGUAGES = ["en", "fr", "de", "es", "pt"];

/**
 * @typedef {Record<string, string>} Texts
 * @typedef {((key: string, values?: Record<string, string | number>) => string) &
 *   {number: (value: number, digits?: number) => string}} Say `number`: with so many decimals, as the language writes it
 */

/**
 * One of the languages there are; English where it is another.
 * @param {string} wanted such as `pt` or `pt-BR`
 */
export function languageOf(wanted) {
  const found = wanted.toLowerCase().replace("_", "-").split("-")[0];
  return LANGUAGES.includes(found) ? found : "en";
}

/**
 * Words of a language, with `{name}` filled in and a plural by `values.count` where there is one.
 * @param {Texts} texts
 * @param {string} language
 * @returns {Say}
 */
export function speaker(texts, language) {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const say = (/** @type {string} */ key, /** @type {Record<string, string | number>} */ values = {}) => {
    const form = typeof values.count === "number" ? `${key}_${rules.select(values.count)}` : key;
    const text = texts[form] ?? texts[`${key}_other`] ?? texts[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name];
      return typeof value === "number" ? numbers.format(value) : String(value ?? "");
    });
  };
  const number = (/** @type {number} */ value, digits = 0) =>
    value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return Object.assign(say, { number });
}

/**
 * Loads a language, fills in the document and gives its speaker.
 * @param {string} wanted
 * @param {Document} document
 * @returns {Promise<Say>}
 */
export async function loadTexts(wanted, document) {
  const language = languageOf(wanted);
  const { TEXTS } = await import(`../texts/${language}.js`);
  const say = speaker(TEXTS, language);
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = say(element.getAttribute("data-text") ?? "");
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", say(element.getAttribute("data-label") ?? ""));
  }
  return say;
}
