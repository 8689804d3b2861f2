// What the program `power` writes, for those who compare.

const IDS = 60
const DIMENSION = 64

/** The n-th change of a writer: the ids that it puts, and removes. */
export function changeOf(name, n) {
  const idOf = (i) => `${name}:${i % IDS}`
  const puts = Array.from({ length: 1 + (n % 6) }, (_, j) => idOf(7 * n + j))
  return { puts, removals: n % 3 === 0 ? [idOf(7 * n + 30)] : [] }
}

export function vectorOf(id, n) {
  const i = Number(id.split(':')[1])
  return Array.from({ length: DIMENSION }, (_, d) => Math.fround(Math.sin(1 + i + n * (d + 1))))
}

/** The records of a writer after its n-th change: the change that each is of. */
export function stateAfter(name, n) {
  const state = new Map()
  for (let i = 1; i <= n; i++) {
    const { puts, removals } = changeOf(name, i)
    for (const id of puts) state.set(id, i)
    for (const id of removals) state.delete(id)
  }
  return state
}
