import { fileURLToPath } from 'node:url'
import { SkalarError } from '../errors.ts'
import { describe } from './describe.ts'

/** A scheme of two letters or more: one is a drive of Windows. */
const SCHEME = /^[a-z][a-z0-9+.-]+:\/\//i

/**
 * The folder that is meant by a path or a `file:` URL. What a shell or another library would take for something else is
 * refused rather than made into a folder of that name.
 *
 * @throws SkalarError `BAD_OPTION`
 */
export function folderOption(path: unknown): string {
  const folder = isUrl(path) ? fromUrl(path) : path
  if (typeof folder !== 'string' || folder === '') {
    throw bad(`path must be the name of a folder or a file: URL, got ${describe(path)}`)
  }
  if (folder.includes('\0') || folder.toWellFormed() !== folder) {
    throw bad(`path must be well-formed and without NUL, got ${describe(folder)}`)
  }
  if (isUrl(path)) return folder
  if (/^~(?:[/\\]|$)/.test(folder)) {
    throw bad(
      `${describe(folder)} is no path to Node: join os.homedir() with the rest, or write './~' for that name`,
    )
  }
  if (SCHEME.test(folder))
    throw bad(`${describe(folder)} is no path: pass new URL(…) for a file: URL, or a path`)
  return folder
}

/** Of this realm or another. */
function isUrl(value: unknown): value is URL {
  if (typeof value !== 'object' || value === null) return false
  const { href, protocol } = value as Partial<URL>
  return typeof href === 'string' && typeof protocol === 'string'
}

function fromUrl(url: URL): string {
  try {
    return fileURLToPath(url.href)
  } catch (cause) {
    const message = `path must be a folder, or a file: URL of one, got ${describe(url.href)}: ${(cause as Error).message}`
    throw new SkalarError('BAD_OPTION', message, { path: 'path', cause })
  }
}

function bad(message: string): SkalarError {
  return new SkalarError('BAD_OPTION', message, { path: 'path' })
}
