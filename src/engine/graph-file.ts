import { randomBytes } from 'node:crypto'
import { type FileHandle, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Generation } from '../generation.ts'
import type { AbortFlag, IndexFiles } from './engine.ts'
import {
  type Digest,
  decodeTable,
  encodeTable,
  type GraphFormat,
  isGraphKind,
  type Table,
} from './table-file.ts'

/*
 * Saved graphs: `index/<number>/<space>/` holds `<name>.graph`, which an engine wrote, and `<name>.table`, which says what it
 * stands for. They are complete, on disk, and never change from the moment the catalogue names them. Any number
 * of processes may save and read: of two that save at once one wins.
 *
 * Engines trust what they read, so no file is handed to them whose checksum was not compared.
 */

const GRAPH = '.graph'
const TABLE = '.table'
/** Behind the name of a file that is not complete. */
const DRAFT = '.tmp'
const BLOCK = 2 ** 20

/** Another process may remove files between looking for their name and reading them. */
const ATTEMPTS = 3

/**
 * Saves a graph that `writeGraph` writes to a path: its files, then a flush, then its name in the catalogue, and when that
 * is on disk too, the files of the one it replaces are deleted. Another process may be about to read those: it finds them gone
 * and looks for the name again.
 */
export async function saveGraph(
  files: IndexFiles,
  table: Table,
  writeGraph: (path: string) => Promise<unknown>,
): Promise<void> {
  const { folder } = files
  const predecessor = files.current()
  const name = randomBytes(8).toString('hex')
  if (!(await files.begin(name))) return
  const [graphPath, tablePath] = [GRAPH, TABLE].map((kind) => join(folder, name + kind)) as [string, string]
  let published = false
  try {
    await files.makeFolder()
    await writeGraph(graphPath + DRAFT)
    const bytes = encodeTable(table, await digestFlushed(graphPath + DRAFT))
    await writeFlushed(tablePath + DRAFT, bytes)
    for (const path of [graphPath, tablePath]) await rename(path + DRAFT, path)
    await flushFolder(folder)
    const next = { kind: table.kind, name, crc: crc32(bytes), position: table.position }
    published = await files.publish(next, predecessor)
  } finally {
    // What cannot be deleted now is deleted later, by whoever finds its name in the catalogue.
    await (published ? files.tidy() : files.giveUp(name)).catch(() => {})
  }
}

/**
 * The saved graph in force as `readGraph` reads it; undefined when there is none of this format, or it is damaged, or it is told to stop.
 */
export async function loadGraph<T>(
  files: IndexFiles,
  format: GraphFormat,
  readGraph: (path: string, table: Table) => Promise<T>,
  stop?: AbortFlag,
): Promise<{ table: Table; graph: T } | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const generation = files.current()
    if (generation?.kind !== format.kind) return undefined
    const path = join(files.folder, generation.name)
    try {
      const bytes = await readFile(path + TABLE)
      const found = crc32(bytes) === generation.crc ? decodeTable(bytes, format.kind) : undefined
      if (found === undefined || !sameFormat(found.table, format)) return undefined
      const { table, graph } = found
      if (!(await isWhole(path + GRAPH, graph, stop))) return undefined
      return { table, graph: await readGraph(path + GRAPH, table) }
    } catch {
      // It is gone, or not to be read: if another one is in force by now, that one is wanted.
    }
  }
  return undefined
}

/** What is wrong with the files of the graph in force; undefined when nothing is, or there is none. */
export async function faultOfGraph(files: IndexFiles, stop?: AbortFlag): Promise<string | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const generation = files.current()
    if (generation === undefined) return undefined
    const path = join(files.folder, generation.name)
    const fault = await faultOfFiles(path, generation, stop).catch(
      ({ message }: Error) => `cannot be read: ${message}`,
    )
    // Its files go when another one comes into force.
    if (fault === undefined || files.current()?.name === generation.name) return fault && `${path}.* ${fault}`
  }
  return undefined
}

async function faultOfFiles(
  path: string,
  generation: Generation,
  stop?: AbortFlag,
): Promise<string | undefined> {
  const bytes = await readFile(path + TABLE)
  if (crc32(bytes) !== generation.crc) return 'has a table with another checksum than the catalogue'
  const found = isGraphKind(generation.kind) ? decodeTable(bytes, generation.kind) : undefined
  if (found === undefined) return 'has a table of an unknown version'
  if (found.table.position !== generation.position)
    return 'has a table of another position than the catalogue'
  return (await isWhole(path + GRAPH, found.graph, stop))
    ? undefined
    : 'has a graph with another checksum than its table'
}

function sameFormat(a: GraphFormat, b: GraphFormat): boolean {
  return a.dimension === b.dimension && a.M === b.M && a.efConstruction === b.efConstruction
}

async function isWhole(path: string, { bytes, crc }: Digest, stop?: AbortFlag): Promise<boolean> {
  const file = await open(path, 'r')
  try {
    const digest = await digestOf(file, stop)
    return digest.bytes === bytes && digest.crc === crc
  } finally {
    await file.close()
  }
}

async function digestFlushed(path: string): Promise<Digest> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
    return await digestOf(file)
  } finally {
    await file.close()
  }
}

/** Once it is told to stop, that of what was read until then. */
async function digestOf(file: FileHandle, stop?: AbortFlag): Promise<Digest> {
  const block = Buffer.allocUnsafe(BLOCK)
  let bytes = 0
  let crc = 0
  for (;;) {
    const { bytesRead } = await file.read(block, 0, BLOCK, bytes)
    if (bytesRead === 0 || stop?.[0]) return { bytes, crc }
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
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}
