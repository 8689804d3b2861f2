import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { open } from '../../src/index.ts'
import { bootId } from '../../src/store/boot.ts'
import { generator } from '../helpers/random.ts'
import { Child, temporaryFolder } from './child.ts'
import { Disk, type Event, eventsOf, type Fate, Kind } from './disk.ts'
import { stateAfter, vectorOf } from './power-model.mjs'
import { compilePreload, mayPreload } from './preload.ts'

// The machine starts anew where a test says so.
vi.mock(import('../../src/store/boot.ts'), async (original) => {
  const real = await original()
  return { ...real, bootId: vi.fn(real.bootId) }
})

const CUTS = Number(process.env.SKALAR_CUTS ?? 60)
const CHANGES = 250
const SEED = Number(process.env.SKALAR_SEED ?? 1)
/** Where the records stand in data.mdb (src/store/flush-record.ts). */
const RECORDS = [12_288, 16_384 + 12_288]
const FATES: readonly Fate[] = ['any', 'last', 'none', 'meta']

interface Session {
  readonly empty: Buffer
  readonly events: readonly Event[]
}

interface Cut {
  /** Before which event. */
  readonly moment: number
  readonly fate: Fate
}

/** Cuts at any moment, as many where a record of a flush has just been written, and some where a flushed write has just resolved. */
function cutsIn(events: readonly Event[], random: () => number): Cut[] {
  const after = (isMeant: (event: Event) => boolean) =>
    events.flatMap((event, i) => (isMeant(event) ? [i + 1] : []))
  const recorded = after(({ kind, place }) => kind === Kind.write && RECORDS.includes(place))
  const resolved = after(({ kind }) => kind === Kind.mark)
  const cuts = Array.from({ length: CUTS }, (_, i): Cut => {
    const any = Math.floor(random() * events.length)
    const fate = FATES[Math.floor(i / 2) % FATES.length]!
    const moment = i % 2 === 0 ? any : recorded[any % recorded.length]! + Math.floor(3 * random())
    return { moment, fate }
  })
  cuts.push(...resolved.slice(0, 10).map((moment): Cut => ({ moment, fate: 'none' })))
  return cuts.sort((a, b) => a.moment - b.moment)
}

/** Checks that a database is what a writer had made by some moment; returns how many changes that are. */
async function expectWhole(folder: string, names: readonly string[]): Promise<Map<string, number>> {
  const db = await open(folder)
  try {
    const [records, heads] = [
      await db.collection<{ n: number }>('records'),
      await db.collection<{ n: number }>('heads'),
    ]
    const found = new Map(names.map((name) => [name, heads.get(name)?.metadata.n ?? 0]))
    const expected = new Map(names.flatMap((name) => [...stateAfter(name, found.get(name)!)]))
    const all = [...records.records({ includeVector: true })]
    expect(new Map(all.map(({ id, metadata }) => [id, metadata.n]))).toEqual(expected)
    expect(records.size).toBe(expected.size)
    for (const { id, vector, metadata } of all) expect(Array.from(vector)).toEqual(vectorOf(id, metadata.n))
    const nearest = await records.query({ vector: vectorOf('a:1', 1), k: expected.size + 1 })
    expect(nearest.length).toBe(expected.size)
    // It goes on: free pages are free, and numbers fit.
    for (let round = 0; round < 3; round++) {
      const more = Array.from({ length: 20 }, (_, i) => ({
        id: `later:${i}`,
        vector: vectorOf(`a:${i}`, round),
        metadata: { n: -1 },
      }))
      await records.upsert(more)
    }
    expect(await records.delete({ filter: { n: -1 } })).toBe(20)
    expect(records.size).toBe(expected.size)
    return found
  } finally {
    await db.close()
  }
}

describe.skipIf(!mayPreload())('a power cut', () => {
  /** Three writers of one folder, one of them killed, and all that they wrote. */
  async function record(): Promise<Session> {
    const folder = temporaryFolder()
    const [data, marks, log] = [join(folder, 'data'), join(folder, 'marks'), join(folder, 'log')]
    const db = await open(data)
    for (const [name, dimension] of [
      ['records', 64],
      ['heads', 1],
    ] as const)
      await db.collection(name, { dimension, metric: 'dot', index: { engine: 'flat' } })
    await db.close()
    const empty = readFileSync(join(data, 'data.mdb'))
    const preload = { LD_PRELOAD: compilePreload('power.cc'), SKALAR_POWER: log }
    const writer = (name: string) => new Child('power', data, name, CHANGES, marks, preload)
    const [first, second] = [writer('a'), writer('b')]
    while ((await first.next<number>()) < CHANGES / 2);
    first.kill()
    await first.end()
    const third = writer('c')
    for (const child of [second, third]) expect(await child.end()).toMatchObject({ code: 0 })
    return { empty, events: eventsOf(readFileSync(log)) }
  }

  function restart(): void {
    const boot = randomBytes(16)
    vi.mocked(bootId).mockReturnValue(boot)
  }

  it('takes no flushed change, and of the others none in part', { timeout: 600_000 }, async () => {
    const { empty, events } = await record()
    const random = generator(SEED)
    const disk = new Disk(empty)
    let at = 0
    for (const { moment, fate } of cutsIn(events, random)) {
      for (; at < moment; at++) disk.run(events[at]!)
      const folder = join(temporaryFolder(), 'cut')
      mkdirSync(folder)
      writeFileSync(join(folder, 'data.mdb'), disk.cut(fate, random))
      restart()
      const found = await expectWhole(folder, ['a', 'b', 'c']).catch((error) => {
        throw new Error(`cut before ${moment} of ${events.length}, ${fate}, seed ${SEED}`, { cause: error })
      })
      for (const mark of disk.marks) {
        const { name, n } = JSON.parse(mark)
        expect(found.get(name), `${name}, ${fate} before ${moment}`).toBeGreaterThanOrEqual(n)
      }
      rmSync(folder, { recursive: true })
    }
    expect(disk.marks.length).toBeGreaterThan(10)
  })
})
