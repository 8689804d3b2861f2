import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/*
 * Embeddings of WordNet glosses, if they lie in `shared/data` beside the checkout: real text, for tests that are worth
 * more on it. Nothing depends on them.
 */

export const DIMENSION = 512

const folder = new URL('../../../shared/data/', import.meta.url)

/** The path of `base.f32` or `query.f32`. */
export function fileOf(name: string): string {
  return fileURLToPath(new URL(`wordnet-use512.${name}`, folder))
}

/** Whether the data is there; without it, tests are skipped with this reason. */
export const available = ['base.f32', 'query.f32'].every((name) => existsSync(fileOf(name)))
export const ABSENT = 'needs the WordNet embeddings in ../shared/data'

/** Rows of 512 float32, as one array in memory that threads can share. */
export function readVectors(part: 'base' | 'query'): Float32Array {
  const bytes = readFileSync(fileOf(`${part}.f32`))
  const vectors = new Float32Array(new SharedArrayBuffer(bytes.length))
  new Uint8Array(vectors.buffer).set(bytes)
  return vectors
}

export function rowOf(vectors: Float32Array, index: number): Float32Array {
  return vectors.subarray(index * DIMENSION, (index + 1) * DIMENSION)
}
