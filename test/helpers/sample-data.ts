import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/*
 * Embeddings of WordNet glosses, if they lie in `shared/data` beside the checkout: real text, for tests that are worth
 * more on it. Nothing depends on them.
 */

export const DIMENSION = 512

const folder = new URL('../../../shared/data/', import.meta.url)
const file = (name: string) => fileURLToPath(new URL(`wordnet-use512.${name}`, folder))

/** Whether the data is there; without it, tests are skipped with this reason. */
export const available = ['base.f32', 'query.f32', 'jsonl'].every((name) => existsSync(file(name)))
export const ABSENT = 'needs the WordNet embeddings in ../shared/data'

/** Rows of 512 float32, as one array in memory that threads can share. */
export function readVectors(part: 'base' | 'query'): Float32Array {
  const bytes = readFileSync(file(`${part}.f32`))
  const vectors = new Float32Array(new SharedArrayBuffer(bytes.length))
  new Uint8Array(vectors.buffer).set(bytes)
  return vectors
}

/** The metadata of base rows, followed by that of query rows. */
export function readSynsets(): { id: string; pos: string; lemma: string; lex: number }[] {
  const lines = readFileSync(file('jsonl'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line))
}

export function rowOf(vectors: Float32Array, index: number): Float32Array {
  return vectors.subarray(index * DIMENSION, (index + 1) * DIMENSION)
}
