import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  type Collection,
  type CollectionOptions,
  type Database,
  type Id,
  type Metadata,
  type OpenOptions,
  open,
} from '../../src/index.ts'

/** A folder of the running test's own, removed with all it holds when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'skalar-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A database that is closed when the test ends, in a folder of the test's own unless one is given. */
export async function openDatabase(folder?: string | URL, options?: OpenOptions): Promise<Database> {
  const db = await open(folder ?? temporaryFolder(), options)
  onTestFinished(() => db.close())
  return db
}

/** A collection in a database of its own: by default of two dimensions and metric dot. */
export async function openCollection<M extends object = Metadata, I extends Id = Id>(
  options: CollectionOptions<M> = {},
): Promise<{ db: Database; films: Collection<M, I> }> {
  const db = await openDatabase()
  const films = await db.collection<M, I>('films', { dimension: 2, metric: 'dot', ...options })
  return { db, films }
}

/** Ids of records or matches, in their order. */
export function idsOf<I extends Id>(items: Iterable<{ id: I }>): I[] {
  return Array.from(items, ({ id }) => id)
}
