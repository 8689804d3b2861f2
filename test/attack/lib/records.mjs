/*
 * Records of which every part follows from the id and the `version` in the metadata: whoever meets one, whenever and
 * wherever, can tell whether it is right.
 */
import { hashOf, randomFrom } from './random.mjs'

export const DIMENSION = 16

export function vectorOf(id, version) {
  const random = randomFrom(hashOf('vector', id, version))
  return Float32Array.from({ length: DIMENSION }, () => random.next() * 2 - 1)
}

/** `owner` is who writes the record, `group` what filters ask for; `note` may be changed without the rest. */
export function recordOf(id, version, owner, note = 0) {
  return { id, vector: vectorOf(id, version), metadata: metadataOf(id, version, owner, note) }
}

export function metadataOf(id, version, owner, note) {
  return { version, owner, group: hashOf(id) % 10, note, text: `${id} ${version} `.repeat(1 + (version % 5)) }
}

/** What is wrong with a stored record, by its own account: a word for the count, or undefined. */
export function faultOf({ id, metadata, vector }) {
  const { version, owner, note } = metadata
  if (JSON.stringify(metadata) !== JSON.stringify(metadataOf(id, version, owner, note)))
    return 'wrong: metadata'
  return vector === undefined ? undefined : vectorFault(vector, vectorOf(id, version))
}

/** Bits that differ by rounding are told from another vector. */
function vectorFault(actual, expected) {
  if (actual.length !== expected.length) return 'wrong: vector'
  let worst = 0
  for (let i = 0; i < expected.length; i++) worst = Math.max(worst, Math.abs(actual[i] - expected[i]))
  if (!(worst < 1e-5)) return 'wrong: vector'
  return worst > 0 ? 'wrong: vector by rounding' : undefined
}

export function scoreOf(x, q) {
  let dot = 0
  let xx = 0
  let qq = 0
  for (let i = 0; i < DIMENSION; i++) {
    dot += x[i] * q[i]
    xx += x[i] * x[i]
    qq += q[i] * q[i]
  }
  return dot / Math.sqrt(xx) / Math.sqrt(qq)
}

/** A score is the float64 score of the vectors, but for the order in which the products are added. */
export function scoreFault(actual, expected) {
  const error = Math.abs(actual - expected)
  if (!(error < 1e-5)) return 'wrong: score'
  return error > 1e-13 ? 'wrong: score by rounding' : undefined
}

/** What is wrong with the matches of a query for `vector`, each with its metadata. */
export function matchesFault(matches, vector) {
  let fault
  for (const [i, { id, score, metadata }] of matches.entries()) {
    fault ??= faultOf({ id, metadata })
    const found = scoreFault(score, scoreOf(vectorOf(id, metadata.version), vector))
    if (found === 'wrong: score') return found
    fault ??= found
    if (i > 0 && score > matches[i - 1].score) return 'wrong: order'
  }
  if (new Set(matches.map(({ id }) => id)).size < matches.length) return 'wrong: a record twice'
  return fault
}

/** The k nearest of `[id, version]`s to a vector, as `[id, score]`, by the definition. */
export function nearestOf(entries, vector, k) {
  const scored = Array.from(entries, ([id, version]) => [id, scoreOf(vectorOf(id, version), vector)])
  return scored.sort((a, b) => b[1] - a[1]).slice(0, k)
}

/** What is wrong with matches that should be `nearest`, in their order. */
export function nearestFault(matches, nearest) {
  if (matches.length !== nearest.length) return 'wrong: number of matches'
  if (matches.every(({ id }, i) => id === nearest[i][0])) return undefined
  const close = matches.every(({ score }, i) => Math.abs(score - nearest[i][1]) < 1e-6)
  return close ? 'wrong: order by rounding' : 'wrong: not the nearest'
}
