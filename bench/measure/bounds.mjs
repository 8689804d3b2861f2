// What the machine can do at best, measured in the same run: see native/bounds.cc.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { compiled } from '../native/compile.mjs'

const LEAST_BYTES = 256e6
const FLOAT = 4

/** Rows of 4-bit, 8-bit and float32 codes of each dataset; half bytes are rounded up to whole ones. */
function tables(datasets) {
  return datasets.flatMap(({ dimension, rows }) =>
    [Math.ceil(dimension / 2), dimension, FLOAT * dimension].map((bytes) => ({ bytes, rows })),
  )
}

export async function measureBounds(datasets) {
  const wanted = tables(datasets)
  const memory = Math.max(LEAST_BYTES, ...wanted.map(({ bytes, rows }) => bytes * rows))
  const program = compiled('bounds', ['-ffast-math'])
  const list = [...new Set(wanted.map(({ bytes, rows }) => `${bytes}:${rows}`))]
  const { stdout } = await promisify(execFile)(program, [String(memory), ...list])
  return JSON.parse(stdout)
}
