// Vectors in a file: little-endian float32, row after row, nothing else.
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'

const BYTES = Float32Array.BYTES_PER_ELEMENT

/** A file of vectors, read in parts. */
export class MatrixReader {
  #descriptor
  #dimension

  constructor(path, dimension) {
    this.#descriptor = openSync(path, 'r')
    this.#dimension = dimension
  }

  get rows() {
    return fstatSync(this.#descriptor).size / (BYTES * this.#dimension)
  }

  /** The rows [first, first + count) as one array. @throws Error if the file ends before */
  read(first, count) {
    const values = new Float32Array(count * this.#dimension)
    const bytes = new Uint8Array(values.buffer)
    const start = first * this.#dimension * BYTES
    let done = 0
    while (done < bytes.length) {
      const got = readSync(this.#descriptor, bytes, done, bytes.length - done, start + done)
      if (got === 0) throw new Error(`rows ${first} to ${first + count} are not in the file`)
      done += got
    }
    return values
  }

  /** Yields { first, count, values } over the first `rows` rows. */
  *blocks(rows, size) {
    for (let first = 0; first < rows; first += size) {
      const count = Math.min(size, rows - first)
      yield { first, count, values: this.read(first, count) }
    }
  }

  close() {
    closeSync(this.#descriptor)
  }
}

/** The rows [first, first + count) of a file. */
export function readMatrix(path, dimension, first, count) {
  const reader = new MatrixReader(path, dimension)
  try {
    return reader.read(first, count)
  } finally {
    reader.close()
  }
}

/** Writes what an iterable yields: Float32Arrays, one after the other. */
export function writeMatrix(path, parts) {
  const descriptor = openSync(path, 'w')
  try {
    for (const part of parts) {
      const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
      for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done)
    }
  } finally {
    closeSync(descriptor)
  }
}

/** Views of the rows of a matrix. */
export function rowsOf(matrix, dimension) {
  const rows = matrix.length / dimension
  return Array.from({ length: rows }, (_, i) => matrix.subarray(i * dimension, (i + 1) * dimension))
}
