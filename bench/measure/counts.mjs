// How much a library does for a query: counted by the library itself, so it is not believed blindly.

/**
 * What can not be true of the counts of one query, if anything. A graph scores a node at most once, before it looks at
 * its neighbours.
 */
export function countProblem({ visited, distances, reranked }, { k, rows }) {
  const counts = { visited, distances, reranked }
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isInteger(count) || count < 0) return `${name} is ${count}`
  }
  const found = Math.min(k, rows)
  if (visited === 0) return 'no node visited'
  if (visited > distances) return `${visited} nodes visited, but only ${distances} scored`
  if (distances > rows) return `${distances} scored of ${rows} rows`
  if (distances < found) return `${found} found, but only ${distances} scored`
  if (reranked < found) return `${found} found, but only ${reranked} scored exactly`
  return undefined
}

/**
 * The means over queries of what `system.count` tells.
 *
 * @throws Error if the counts of a query can not be true
 */
export async function meanCounts(system, queries, rows) {
  const means = { visited: 0, distances: 0, reranked: 0 }
  for (const query of queries) {
    const counts = await system.count(query)
    const problem = countProblem(counts, { k: system.setting.k, rows })
    if (problem) throw new Error(`wrong counts: ${problem}`)
    for (const name of Object.keys(means)) means[name] += counts[name] / queries.length
  }
  return means
}
