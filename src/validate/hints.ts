/** Names that other libraries give our options, in lower case and without separators. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['topk', 'k'],
  ['limit', 'k'],
  ['n', 'k'],
  ['nresults', 'k'],
  ['where', 'filter'],
  ['queryfilter', 'filter'],
  ['filters', 'filter'],
  ['payload', 'metadata'],
  ['attributes', 'metadata'],
  ['values', 'vector'],
  ['embedding', 'vector'],
  ['efsearch', 'ef'],
  ['hnswef', 'ef'],
  ['efconstruct', 'efConstruction'],
  ['maxconnections', 'M'],
  ['dim', 'dimension'],
  ['dims', 'dimension'],
  ['dimensions', 'dimension'],
  ['size', 'dimension'],
  ['space', 'metric'],
  ['distance', 'metric'],
  ['withvectors', 'includeVector'],
  ['includevectors', 'includeVector'],
])

const MAX_EDITS = 2

/** What was probably meant by a name that is not among the known ones, as part of a message. */
export function hintFor(name: string, known: readonly string[]): string | undefined {
  const bare = withoutStyle(name)
  if (bare === 'maxelements') return 'it is not needed, collections grow by themselves'
  const alias = ALIASES.get(bare)
  if (alias !== undefined && known.includes(alias)) return `did you mean "${alias}"?`
  const nearest = known.find((candidate) => withoutStyle(candidate) === bare) ?? nearestByEdits(name, known)
  return nearest === undefined ? undefined : `did you mean "${nearest}"?`
}

/** `ef_construction`, `efConstruction` and `EF-Construction` are one name in different styles. */
function withoutStyle(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '')
}

function nearestByEdits(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined
  let fewest = MAX_EDITS + 1
  for (const candidate of known) {
    // Edits that replace the whole of a short name are no typing error.
    const most = Math.min(fewest, name.length, candidate.length)
    if (Math.abs(name.length - candidate.length) >= most) continue
    const count = edits(name, candidate)
    if (count < most) {
      nearest = candidate
      fewest = count
    }
  }
  return nearest
}

/** Levenshtein distance, one row of the table at a time. */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[to.length]!
}
