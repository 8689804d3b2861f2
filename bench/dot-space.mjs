// Which hnswlib space finds the largest dot products when norms differ? Prints Markdown tables: recall@10 against the
// exact answer, by space, order of insertion and ef. A few minutes; --quick: one minute.
// Usage: npm ci --prefix bench && node bench/dot-space.mjs [--quick]
//
// The vectors: 64-d directions around 100 centres, times norms. The queries: other directions around the same centres, or
// strangers: directions that only the shortest vectors have, and these only in part.
import { createRequire } from 'node:module'
import { uniformFrom } from './data/random.mjs'
import { shuffled } from './foundation/measure.mjs'
import { printTable } from './foundation/report.mjs'

const require = createRequire(import.meta.url)
const { HierarchicalNSW } = require('hnswlib-node')

const quick = process.argv.includes('--quick')
const COUNT = quick ? 2_000 : 8_000
const QUERIES = 200
const DIMENSION = 64
const CENTRES = 100
const SPREAD = 0.8
const K = 10
const M = 16
const EF_CONSTRUCTION = 200
const EFS = [20, 50, 100, 200]

const random = uniformFrom(7)
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0)
const scaled = (x, factor) => x.map((value) => value * factor)
const norm = (x) => Math.sqrt(dot(x, x))
const unit = (x) => scaled(x, 1 / norm(x))

/** The component that makes a vector as long as `radius`; longer vectors stay as they are. */
const tail = (x, radius) => Math.sqrt(Math.max(0, radius ** 2 - dot(x, x)))
const augmented = (radius) => (x) => scaled([...x, tail(x, radius)], 1 / radius)
const onEquator = (q) => [...unit(q), 0]
const quantile = (norms, share) => norms.toSorted((a, b) => a - b)[Math.floor(share * (norms.length - 1))]

/** How a vector and a query are put to hnswlib; `norms` are those of all vectors. */
const SPACES = {
  ip: () => ({ space: 'ip', encode: (x) => x, query: (q) => q }),
  'ip, angles only': () => ({ space: 'ip', encode: unit, query: unit }),
  'l2, d + 1': (norms) => ({ space: 'l2', encode: augmented(Math.max(...norms)), query: onEquator }),
  'ip, d + 1': (norms) => ({ space: 'ip', encode: augmented(Math.max(...norms)), query: onEquator }),
  'l2, d + 1, 5 % too long': (norms) => ({
    space: 'l2',
    encode: augmented(quantile(norms, 0.95)),
    query: onEquator,
  }),
  'ip, d + 1, 5 % too long': (norms) => ({
    space: 'ip',
    encode: augmented(quantile(norms, 0.95)),
    query: onEquator,
  }),
  'ip, d + 1, 25 % too long': (norms) => ({
    space: 'ip',
    encode: augmented(quantile(norms, 0.75)),
    query: onEquator,
  }),
}

const ORDERS = {
  random: (vectors) => shuffled(vectors, random),
  'short first': (vectors) => vectors.toSorted((a, b) => norm(a) - norm(b)),
  'long first': (vectors) => vectors.toSorted((a, b) => norm(b) - norm(a)),
}

const times = (count, make) => Array.from({ length: count }, make)
const centres = times(CENTRES, () => times(DIMENSION, normal))
const normsOfCentres = centres.map(normal)

const around = (centre) => unit(centre.map((value) => value + SPREAD * normal()))
const anyCentre = () => Math.floor(random() * CENTRES)
const anyDirection = () => around(centres[anyCentre()])

/** Only the last quarter of the components, or all the others. */
const lastQuarter = (x) => x.map((value, i) => (i < 0.75 * DIMENSION ? 0 : value))
const othersOf = (x) => x.map((value, i) => (i < 0.75 * DIMENSION ? value : 0))

const DATA = {
  'norms exp(0.3 N(0, 1))': {
    vector: () => scaled(anyDirection(), Math.exp(0.3 * normal())),
    query: anyDirection,
  },
  'norms exp(N(0, 1))': {
    vector: () => scaled(anyDirection(), Math.exp(normal())),
    query: anyDirection,
  },
  'a norm exp(2 N(0, 1)) for each centre': {
    vector() {
      const centre = anyCentre()
      return scaled(around(centres[centre]), Math.exp(2 * normsOfCentres[centre]))
    },
    query: anyDirection,
  },
  'strangers: a tenth of the vectors is 100 times shorter, and the only one that queries resemble': {
    vector() {
      const direction = anyDirection()
      if (random() > 0.1) return othersOf(direction)
      return scaled(unit(direction.map((value, i) => lastQuarter(direction)[i] + 0.3 * value)), 0.01)
    },
    query: () => unit(lastQuarter(anyDirection())),
  },
}

const exactIds = (vectors, query) =>
  vectors
    .map((vector, i) => ({ i, score: dot(vector, query) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, K)
    .map(({ i }) => i)

function build({ space, encode }, vectors) {
  const points = vectors.map(encode)
  const index = new HierarchicalNSW(space, points[0].length)
  index.initIndex(COUNT, M, EF_CONSTRUCTION)
  for (const [i, point] of points.entries()) index.addPoint(point, i)
  return index
}

/** The `ef` candidates are all ranked by their exact dot products. */
function recall(index, { query }, vectors, queries, truth, ef) {
  index.setEf(ef)
  let hits = 0
  for (const [i, q] of queries.entries()) {
    const ranked = index
      .searchKnn(query(q), ef)
      .neighbors.map((label) => ({ label, score: dot(vectors[label], q) }))
      .sort((a, b) => b.score - a.score)
    for (const { label } of ranked.slice(0, K)) if (truth[i].has(label)) hits++
  }
  return hits / (K * queries.length)
}

for (const [title, { vector, query }] of Object.entries(DATA)) {
  const unsorted = times(COUNT, vector)
  const queries = times(QUERIES, query)
  const rows = []
  for (const [order, arrange] of Object.entries(ORDERS)) {
    const vectors = arrange(unsorted)
    const norms = vectors.map(norm)
    const truth = queries.map((each) => new Set(exactIds(vectors, each)))
    for (const [name, make] of Object.entries(SPACES)) {
      const space = make(norms)
      const index = build(space, vectors)
      const recalls = EFS.map((ef) => recall(index, space, vectors, queries, truth, ef).toFixed(3))
      rows.push([name, order, ...recalls])
    }
  }
  const headings = ['space', 'order', ...EFS.map((ef) => `ef ${ef}`)]
  printTable({ title: `${title}; ${COUNT} vectors: recall@10`, headings, rows })
}
