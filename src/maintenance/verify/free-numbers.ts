import type { Snapshot } from '../../store/environment.ts'
import { BLOCK } from '../../store/free-numbers.ts'
import type { Findings } from './findings.ts'

interface Stack {
  readonly name: 'ordinal' | 'slot'
  /** As in the keys of `free`. */
  readonly kind: number
  readonly next: number
  readonly free: number
  readonly isLive: (number: number) => boolean
}

/** Numbers on a stack were given out, are not in use, and stand on it once. Yields as `RowCheck`. */
export function* checkFreeNumbers(
  { free: table }: Snapshot,
  number: number,
  { name, kind, next, free, isLive }: Stack,
  findings: Findings,
): Generator<number> {
  const seen = new Uint8Array(next)
  for (let block = 0; block * BLOCK < free; block++) {
    const bytes = table.get([number, kind, block])
    const count = Math.min(BLOCK, free - block * BLOCK)
    if (bytes?.length !== 4 * BLOCK) {
      findings.add('WRONG_FREE_NUMBERS', `block ${block} of freed ${name}s is missing or damaged`)
      continue
    }
    for (let i = 0; i < count; i++) {
      const entry = bytes.readUInt32LE(4 * i)
      const problem =
        entry >= next
          ? 'was never given out'
          : isLive(entry)
            ? 'is in use'
            : seen[entry] === 1
              ? 'is there twice'
              : ''
      if (problem) findings.add('WRONG_FREE_NUMBERS', `the freed ${name} ${entry} ${problem}`)
      if (entry < next) seen[entry] = 1
    }
    yield 0
  }
}
