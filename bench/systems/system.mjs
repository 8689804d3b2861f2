/**
 * What the benchmark asks of a vector store; one subclass for each library, the only place that knows it.
 *
 * Life of an index: `create`, `insert` …, `build`, `close` in one process; `open`, `search` …, `close` in others; last
 * `open`, `insertDurably` …. Vectors are Float32Arrays, and ids are row numbers, in the type that the library takes.
 *
 * What is timed is stated at each method. Everything else (turning vectors into the form a library takes, translating its
 * answers) happens outside the clock.
 */
export class System {
  /**
   * @param {object} setting
   * @param {string} setting.folder where the index lives; everything in it counts as bytes on disk
   * @param {number} setting.dimension
   * @param {'cosine' | 'dot'} setting.metric vectors of a `cosine` dataset are unit vectors
   * @param {number} setting.rows how many rows will be inserted before `build`
   * @param {number} setting.k
   * @param {number} setting.threads how many threads the library may use
   * @param {object} setting.parameters of the index, as in `catalogue.mjs`
   */
  constructor(setting) {
    this.setting = setting
  }

  /** Makes an empty index in `folder`. Not timed. */
  async create() {}

  /** What `insert` takes for these rows, numbered from `first`. Not timed. */
  prepareRows(first, vectors) {
    return { first, vectors }
  }

  /** Inserts rows in bulk. Timed as part of the build. */
  async insert(_prepared) {
    throw new Error('insert is missing')
  }

  /** Whatever must run before queries are as fast as they will be. Timed as part of the build. */
  async build() {}

  /** Everything is on disk, and the handle gone, when this resolves. Timed as `save`. */
  async close() {}

  /** Opens what is in `folder`. Timed together with the first answer. */
  async open() {
    throw new Error('open is missing')
  }

  /** Sets how hard to search, for the queries that follow. Not timed. */
  async setEffort(effort) {
    this.effort = effort
  }

  /** A query vector in the form in which an application would hold it for this library. Not timed. */
  prepareQuery(vector) {
    return vector
  }

  /**
   * One query with the library's fastest call for one; a promise if that call is asynchronous. Timed. Ids and scores of
   * the answer must exist as JavaScript values when it returns: in arrays, typed arrays or objects, as the library gives them.
   */
  search(_query) {
    throw new Error('search is missing')
  }

  /** Many queries with the fastest means that the library has for many. Timed. Answers as of `search`, in order. */
  searchBatch(queries) {
    return queries.map((query) => this.search(query))
  }

  /** An answer of `search` as { ids, scores }, nearest first, scores in the metric's own direction. Not timed. */
  read(_answer) {
    throw new Error('read is missing')
  }

  /**
   * What the search for one query did: { visited, distances, reranked }, the nodes of a graph whose neighbours were looked
   * at, the approximate scores and the exact ones computed. Only of a library that tells. Not timed.
   */
  async count(_query) {
    throw new Error('the library does not count what it does')
  }

  /** Inserts rows so that they survive the end of the process, at once and without notice. Timed. */
  async insertDurably(_prepared) {
    throw new Error('insertDurably is missing')
  }
}

/** `1 − score`, which most libraries call a distance, back into the score. */
export const scoreOfDistance = (distance) => 1 - distance
