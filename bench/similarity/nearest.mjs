// Exact nearest rows by a plain loop: what the benchmarks of transforms are judged by.

function dot(x, y) {
  let a = 0
  let b = 0
  for (let i = 0; i + 1 < x.length; i += 2) {
    a += x[i] * y[i]
    b += x[i + 1] * y[i + 1]
  }
  return x.length % 2 === 1 ? a + b + x.at(-1) * y.at(-1) : a + b
}

/** The scores of all rows by dot product. */
export function scores(rows, query) {
  return Float64Array.from(rows, (row) => dot(row, query))
}

/** The numbers of the `k` highest scores, highest first. */
export function highest(scored, k) {
  const top = []
  for (let i = 0; i < scored.length; i++) {
    if (top.length === k && scored[i] <= scored[top[k - 1]]) continue
    let place = top.length
    while (place > 0 && scored[top[place - 1]] < scored[i]) place--
    top.splice(place, 0, i)
    if (top.length > k) top.pop()
  }
  return top
}

/** The `k` nearest rows of each query. */
export function nearest(rows, queries, k) {
  return queries.map((query) => highest(scores(rows, query), k))
}

/** The share of what is wanted that was found, over all queries. */
export function recall(found, wanted) {
  let hits = 0
  for (let i = 0; i < wanted.length; i++) for (const row of wanted[i]) if (found[i].includes(row)) hits++
  return hits / wanted.flat().length
}

/** Seconds that a function takes, and what it returns. */
export function timed(run) {
  const start = performance.now()
  const result = run()
  return { result, seconds: (performance.now() - start) / 1000 }
}
