import { type FileHandle, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Generation } from '../../generation.ts'
import type { AbortFlag, IndexFiles } from '../engine.ts'
import { saveIndex } from '../saved-files.ts'
import { type Digest, decodeTable, encodeTable, type GraphFormat, type Table } from './table-file.ts'

/*
 * Saved graphs of hnswlib: `<name>.graph`, which the package wrote, and `<name>.table`, which says what it stands for. The package
 * trusts what it reads, so no file is handed to it whose checksum was not compared.
 */

const GRAPH = '.graph'
const TABLE = '.table'
const BLOCK = 2 ** 20

/** Another process may remove files between looking for their name and reading them. */
const ATTEMPTS = 3

/** Saves a graph that `writeGraph` writes to a path, with its table. */
export function saveGraph(
  files: IndexFiles,
  table: Table,
  writeGraph: (path: string) => Promise<unknown>,
): Promise<void> {
  return saveIndex(files, table, [GRAPH, TABLE], async ([graphPath, tablePath]) => {
    await writeGraph(graphPath!)
    const bytes = encodeTable(table, await digestFlushed(graphPath!))
    await writeFlushed(tablePath!, bytes)
    return crc32(bytes)
  })
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
      const found = crc32(bytes) === generation.crc ? decodeTable(bytes) : undefined
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

/** What is wrong with the files that a path and their kinds name; undefined when nothing is. Rejects where they cannot be read. */
export async function faultOfGraph(
  path: string,
  generation: Generation,
  stop?: AbortFlag,
): Promise<string | undefined> {
  const bytes = await readFile(path + TABLE)
  if (crc32(bytes) !== generation.crc) return 'has a table with another checksum than the catalogue'
  const found = decodeTable(bytes)
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
