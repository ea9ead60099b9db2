// @ts-check

/** From this size on, results that a run did not use are dropped, e.g. those of rules that have changed since. */
const MAX_LENGTH = 16_000_000;

/**
 * Results of pure functions, between runs: a file with one on each line, after its key. JSON has no line breaks.
 */
class StoredResults {
  /** @type {Map<string, string>} */
  #known = new Map();
  /** @type {Map<string, string>} */
  #used = new Map();
  #isNew = false;

  /** @param {string} text what `text()` of an earlier run gave */
  constructor(text = '') {
    for (const line of text.split('\n')) {
      const end = line.indexOf(' ');
      if (end > 0) {
        this.#known.set(line.slice(0, end), line.slice(end + 1));
      }
    }
  }

  /** Whether there are results that the file does not hold yet. */
  get isNew() {
    return this.#isNew;
  }

  /**
   * @param {string} key
   * @returns {string | undefined}
   */
  get(key) {
    const json = this.#known.get(key) ?? this.#used.get(key);
    if (json !== undefined) {
      this.#used.set(key, json);
    }
    return json;
  }

  /**
   * @param {string} key
   * @param {string} json
   */
  set(key, json) {
    this.#used.set(key, json);
    this.#isNew = true;
  }

  text() {
    const used = lines(this.#used);
    const all = lines(new Map([...this.#known, ...this.#used]));
    return all.length <= MAX_LENGTH ? all : used;
  }
}

/** @param {ReadonlyMap<string, string>} results */
function lines(results) {
  return [...results].map(([key, json]) => `${key} ${json}\n`).join('');
}

module.exports = { StoredResults };
