// How much of everything the two kinds of run do.

/** At most `count` of the efforts, the least and the greatest among them. */
function thinned(efforts, count) {
  if (efforts.length <= count) return efforts
  const step = (efforts.length - 1) / (count - 1)
  return Array.from({ length: count }, (_, i) => efforts[Math.round(i * step)])
}

/**
 * - `minutes`: what has not begun by then is left out, and named in the report; what is under way is ended.
 * - `datasets`: rows and kinds of build, `one` thread and `all` cores; the last kind is searched. A library without
 *   threads is built with one.
 * - `repetitions` of searches and of builds; `secondsPerPoint` and `queryLimit` bound one point of a curve.
 */
export const PROFILES = {
  quick: {
    minutes: 4.5,
    repetitions: 2,
    buildRepetitions: 1,
    secondsPerPoint: 0.25,
    queryLimit: 200,
    thin: (efforts) => thinned(efforts, 3),
    datasets: {
      'wordnet-512d': { rows: 4_000, builds: ['all'] },
      'glove-100d': { rows: 8_000, builds: ['all'] },
    },
  },
  full: {
    minutes: 88,
    repetitions: 3,
    buildRepetitions: 1,
    secondsPerPoint: 1.5,
    queryLimit: 900,
    thin: (efforts) => efforts,
    datasets: {
      'wordnet-512d': { rows: 30_000, builds: ['all', 'one'] },
      'glove-100d': {
        rows: 340_479,
        builds: ['all'],
        repetitions: 1,
        // The others never reach the recalls that are compared here, or are slower than a sibling that is: together they
        // take a quarter of an hour to build.
        indexes: /^(?!usearch (f16|i8)|zvec rabitq|lancedb IVF-PQ)/,
      },
      'glove-skewed': { rows: 50_000, builds: ['all'], repetitions: 1 },
      'glove-sorted': { rows: 50_000, builds: ['all'], repetitions: 1 },
      'synthetic-256d': {
        rows: 1_000_000,
        builds: ['all'],
        repetitions: 1,
        // All of them would take longer than the rest of the run together, and so would a graph of hnswlib alone.
        indexes: /^(skalar flat|skalar hnsw$|usearch i8|zvec int8)/,
      },
    },
  },
}
