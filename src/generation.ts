/** One saved index of the rows under a number, as the catalogue names it. */
export interface Generation {
  /** What wrote it; its files are of that kind. */
  readonly kind: string
  /** 16 hexadecimal digits, never used twice. */
  readonly name: string
  /** Of `hnsw` the CRC-32C of the header of its file; of `hnswlib` the CRC-32 of its table. */
  readonly crc: number
  /** The log position it speaks of. */
  readonly position: number
}

/** A generation of the engine `hnsw`, which is one file that is mapped, with this behind its name. */
export const MAPPED = { kind: 'hnsw', suffix: '.gen' } as const
