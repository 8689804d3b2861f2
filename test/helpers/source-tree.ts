import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A source file, with the path from the root of the repository. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Never ours: what is installed or built. */
const SKIPPED = new Set(['node_modules', 'build', 'dist'])

/** All files below a folder of the repository whose names end in one of the extensions. */
export function filesBelow(folder: string, extensions: readonly string[]): SourceFile[] {
  return readdirSync(root + folder, { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name)
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesBelow(path, extensions)
    if (!extensions.some((extension) => path.endsWith(extension))) return []
    return [{ path, text: readFileSync(root + path, 'utf8') }]
  })
}

/** What a TypeScript file, as Biome formats it, imports or exports from elsewhere. */
export function importsOf({ text }: SourceFile): string[] {
  const declarations = /^(?:import|export|\})[^'\n]*\bfrom '([^']+)'$|^import '([^']+)'$/gm
  const calls = /\b(?:import|require)\(\s*['"`]([^'"`]+)['"`]/g
  return [...text.matchAll(declarations), ...text.matchAll(calls)].map((match) => match[1] ?? match[2]!)
}

/** What is included, with its brackets or quotes. */
export function includesOf({ text }: SourceFile): string[] {
  return Array.from(text.matchAll(/^\s*#\s*include\s+(<[^>]+>|"[^"]+")/gm), ([, name]) => name!)
}

/** The first way round among files that refer to each other; undefined when there is none. */
export function cycleIn(references: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const finished = new Set<string>()
  const path: string[] = []
  const visit = (file: string): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (finished.has(file)) return undefined
    path.push(file)
    for (const target of references.get(file) ?? []) {
      const cycle = visit(target)
      if (cycle !== undefined) return cycle
    }
    path.pop()
    finished.add(file)
    return undefined
  }
  for (const file of references.keys()) {
    const cycle = visit(file)
    if (cycle !== undefined) return cycle
  }
  return undefined
}
