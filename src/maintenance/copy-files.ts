import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { flushFolder } from '../engine/saved-files.ts'

const BLOCK = 2 ** 20

/**
 * Copies the files of a folder whose names begin with `name` and a dot, and are complete, into another folder. Undefined,
 * and nothing is left, when one is gone meanwhile; else their bytes. `onBytes` is told of each block.
 */
export async function copyNamed(
  from: string,
  to: string,
  name: string,
  onBytes: (bytes: number) => void,
): Promise<number | undefined> {
  await mkdir(to, { recursive: true })
  const copied: string[] = []
  let bytes = 0
  try {
    const files = (await readdir(from)).filter(
      (file) => file.startsWith(`${name}.`) && !file.endsWith('.tmp'),
    )
    for (const file of files) {
      copied.push(join(to, file))
      bytes += await copyFile(join(from, file), join(to, file), onBytes)
    }
    return files.length === 0 ? undefined : bytes
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    for (const path of copied) await rm(path, { force: true })
    return undefined
  }
}

async function copyFile(from: string, to: string, onBytes: (bytes: number) => void): Promise<number> {
  const source = await open(from, 'r')
  try {
    const target = await open(to, 'wx')
    try {
      return await copyBlocks(source, target, onBytes)
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

async function copyBlocks(
  source: FileHandle,
  target: FileHandle,
  onBytes: (bytes: number) => void,
): Promise<number> {
  const block = Buffer.allocUnsafe(BLOCK)
  let bytes = 0
  for (;;) {
    const { bytesRead } = await source.read(block, 0, BLOCK, bytes)
    if (bytesRead === 0) return bytes
    await target.writeFile(block.subarray(0, bytesRead))
    bytes += bytesRead
    onBytes(bytesRead)
  }
}

/** Puts all that lies in a folder on disk; its bytes. */
export async function flushAll(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    bytes += entry.isDirectory() ? await flushAll(path) : await flushFile(path)
  }
  await flushFolder(folder)
  return bytes
}

async function flushFile(path: string): Promise<number> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
    return (await file.stat()).size
  } finally {
    await file.close()
  }
}
