import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import {
  decodeTable,
  encodeTable,
  type GraphFile,
  type GraphFormat,
  type GraphKind,
  type Table,
} from './table-file.ts'

/*
 * Saved graphs: `index/<number>/<space>/` holds `<name>.graph`, which an engine wrote, and `<kind>.table`, which names it
 * and says what it stands for. A graph file never changes once it is named, and the table is replaced by renaming, so that
 * any number of processes may save and read: the last one to save wins.
 *
 * Engines trust what they read, so no file is handed to them whose checksum was not compared.
 */

const TABLE = '.table'
const BLOCK = 2 ** 20

/** What a process that was killed while saving left behind is removed after this time, in milliseconds. */
const ABANDONED_MS = 3_600_000

/** Another process may replace the files between reading the table and the graph. */
const ATTEMPTS = 3

/** Saves a graph that `writeGraph` writes to a path. */
export async function saveGraph(
  folder: string,
  table: Table,
  writeGraph: (path: string) => Promise<unknown>,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const predecessor = (await readTable(folder, table.kind))?.file.name
  const name = randomBytes(8).toString('hex')
  const graph = join(folder, `${name}.graph`)
  const draft = join(folder, `${name}.draft`)
  try {
    await writeGraph(graph)
    const bytes = encodeTable(table, { name, ...(await digestFlushed(graph)) })
    await writeFlushed(draft, bytes)
    await rename(draft, tablePath(folder, table.kind))
  } catch (error) {
    await Promise.all([graph, draft].map((path) => unlink(path).catch(() => {})))
    throw error
  }
  await flushFolder(folder)
  await removeLeftovers(folder, name, predecessor)
}

/** A saved graph as `readGraph` reads it; undefined when there is none of this format, or it is damaged. */
export async function loadGraph<T>(
  folder: string,
  format: GraphFormat,
  readGraph: (path: string, table: Table) => Promise<T>,
): Promise<{ table: Table; graph: T } | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await readTable(folder, format.kind)
    if (found === undefined || !sameFormat(found.table, format)) return undefined
    const { table, file } = found
    const path = join(folder, `${file.name}.graph`)
    try {
      if (!(await isWhole(path, file))) return undefined
      return { table, graph: await readGraph(path, table) }
    } catch {
      // It is gone, or not to be read: if another one has been saved meanwhile, that one is wanted.
    }
  }
  return undefined
}

const tablePath = (folder: string, kind: GraphKind) => join(folder, `${kind}${TABLE}`)

async function readTable(folder: string, kind: GraphKind) {
  const bytes = await readFile(tablePath(folder, kind)).catch(() => undefined)
  return bytes && decodeTable(bytes, kind)
}

function sameFormat(a: GraphFormat, b: GraphFormat): boolean {
  return a.dimension === b.dimension && a.M === b.M && a.efConstruction === b.efConstruction
}

async function isWhole(path: string, { bytes, crc }: GraphFile): Promise<boolean> {
  const file = await open(path, 'r')
  try {
    const digest = await digestOf(file)
    return digest.bytes === bytes && digest.crc === crc
  } finally {
    await file.close()
  }
}

async function digestFlushed(path: string): Promise<Omit<GraphFile, 'name'>> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
    return await digestOf(file)
  } finally {
    await file.close()
  }
}

async function digestOf(file: FileHandle): Promise<Omit<GraphFile, 'name'>> {
  const block = Buffer.allocUnsafe(BLOCK)
  let bytes = 0
  let crc = 0
  for (;;) {
    const { bytesRead } = await file.read(block, 0, BLOCK, bytes)
    if (bytesRead === 0) return { bytes, crc }
    crc = crc32(block.subarray(0, bytesRead), crc)
    bytes += bytesRead
  }
}

async function writeFlushed(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes a rename last. Not every system lets a folder be opened for it. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

async function removeLeftovers(folder: string, name: string, predecessor: string | undefined): Promise<void> {
  const newest = Date.now() - ABANDONED_MS
  for (const entry of await readdir(folder)) {
    if (entry.endsWith(TABLE) || entry.startsWith(name)) continue
    const path = join(folder, entry)
    // Another process may be tidying up too.
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: newest }))
    if (mtimeMs < newest || entry === `${predecessor}.graph`) await rm(path, { force: true })
  }
}
