/** What power.cc has recorded. */
export const Kind = { write: 1, flushBegins: 2, flushEnds: 3, mark: 4 } as const
const HEADER_BYTES = 24

/** What a disk writes as a whole. */
const BLOCK = 4_096

/** Those of LMDB's two meta pages, and of what stands behind them. */
const META_BLOCKS = (2 * 16_384) / BLOCK

/**
 * How a cut treats blocks that no flush has covered, which of the states that they went through reaches the disk: none, the last,
 * any of them, or the last of meta pages and seldom one of others.
 */
export type Fate = 'none' | 'last' | 'any' | 'meta'

export interface Event {
  readonly kind: number
  readonly place: number
  readonly flush: bigint
  readonly bytes: Buffer
}

export function eventsOf(record: Buffer): Event[] {
  const events: Event[] = []
  for (let at = 0; at < record.length; ) {
    const length = record.readUInt32LE(at + 4)
    const start = at + HEADER_BYTES
    events.push({
      kind: record.readUInt32LE(at),
      place: Number(record.readBigUInt64LE(at + 8)),
      flush: record.readBigUInt64LE(at + 16),
      bytes: record.subarray(start, start + length),
    })
    at = start + length
  }
  return events
}

/**
 * A disk under a file: what is written reaches it when the file is flushed, at the latest. Before that each block may, in any of the
 * states that it went through, and in any order.
 */
export class Disk {
  /** Marks that were written so far. */
  readonly marks: string[] = []
  readonly #durable: Buffer[] = []
  /** The states of a block since the last flush, with the number of the write. */
  readonly #states = new Map<number, { readonly write: number; readonly bytes: Buffer }[]>()
  readonly #begun = new Map<bigint, number>()
  #writes = 0

  constructor(file: Buffer) {
    for (let at = 0; at < file.length; at += BLOCK) {
      const block = Buffer.alloc(BLOCK)
      file.copy(block, 0, at, at + BLOCK)
      this.#durable.push(block)
    }
  }

  run({ kind, place, flush, bytes }: Event): void {
    if (kind === Kind.write) this.#write(place, bytes)
    else if (kind === Kind.flushBegins) this.#begun.set(flush, this.#writes)
    else if (kind === Kind.flushEnds) this.#flush(this.#begun.get(flush)!)
    else if (kind === Kind.mark) this.marks.push(bytes.toString())
  }

  /** What the file may be after a power cut. */
  cut(fate: Fate, random: () => number): Buffer {
    const blocks = [...this.#durable]
    for (const [number, states] of this.#states) {
      const { length } = states
      const isMeta = number < META_BLOCKS
      let kept = Math.floor(random() * (length + 1)) - 1
      if (fate === 'last' || (fate === 'meta' && isMeta)) kept = length - 1
      if (fate === 'none' || (fate === 'meta' && !isMeta && random() < 0.7)) kept = -1
      if (kept >= 0) blocks[number] = states[kept]!.bytes
    }
    return Buffer.concat(Array.from(blocks, (block) => block ?? Buffer.alloc(BLOCK)))
  }

  #write(place: number, bytes: Buffer): void {
    const write = ++this.#writes
    for (let done = 0; done < bytes.length; ) {
      const number = Math.floor((place + done) / BLOCK)
      const offset = (place + done) % BLOCK
      const states = this.#states.get(number) ?? []
      const next = Buffer.from(states.at(-1)?.bytes ?? this.#durable[number] ?? Buffer.alloc(BLOCK))
      done += bytes.copy(next, offset, done, done + BLOCK - offset)
      states.push({ write, bytes: next })
      this.#states.set(number, states)
    }
  }

  /** All that was written before it began is on the disk. */
  #flush(writes: number): void {
    for (const [number, states] of this.#states) {
      const later = states.findIndex(({ write }) => write > writes)
      const covered = later < 0 ? states.length : later
      if (covered > 0) this.#durable[number] = states[covered - 1]!.bytes
      if (covered === states.length) this.#states.delete(number)
      else states.splice(0, covered)
    }
  }
}
