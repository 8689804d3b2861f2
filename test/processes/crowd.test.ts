import { join } from 'node:path'
import { expect, it } from 'vitest'
import { open } from '../../src/index.ts'
import { Child, temporaryFolder } from './child.ts'

const PROCESSES = 3
const EACH = 1200

interface View {
  size: number
  records: { id: number; metadata: { id: number } }[]
  matches: { id: number; score: number }[]
}

it('several processes and threads that write at once agree on what they wrote', {
  timeout: 240_000,
}, async () => {
  const folder = join(temporaryFolder(), 'data')
  const database = await open(folder)
  const collection = await database.collection<{ id: number }, number>('c', { dimension: 2, metric: 'dot' })
  const greatest = 100 + PROCESSES * EACH
  const children = Array.from({ length: PROCESSES }, (_, i) => {
    return new Child('crowd', folder, 100 + i * EACH, 100 + (i + 1) * EACH, greatest)
  })
  for (const child of children) expect(await child.next()).toBe('ready')
  for (const child of children) child.send('go')
  for (const child of children) expect(await child.next()).toBe('written')

  const all = Array.from({ length: greatest }, (_, id) => id)
  const views = await Promise.all(children.map((child) => child.ask<View>({})))
  views.push({
    size: collection.size,
    records: [...collection.records()],
    matches: await collection.query({ vector: [1, 0], k: greatest * 2, select: [] }),
  })
  for (const { size, records, matches } of views) {
    expect(size).toBe(greatest)
    expect(records).toEqual(all.map((id) => ({ id, metadata: { id } })))
    expect(matches.map(({ id }) => id)).toEqual(all.toReversed())
    expect(matches).toEqual(views[0]!.matches)
  }

  for (const [i, writer] of children.entries()) {
    const id = greatest + i
    expect(await writer.ask({ write: id })).toEqual({ inserted: 1, updated: 0 })
    for (const reader of children) expect(await reader.ask({ find: id })).toMatchObject([{ id }])
    expect(collection.querySync({ vector: [1, 0], k: 1 })).toMatchObject([{ id }])
  }
  await database.close()
})
