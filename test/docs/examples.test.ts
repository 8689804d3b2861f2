import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../helpers/database.ts'
import { makeWorld, setWorld } from './world.ts'

/*
 * The examples of the pages below are type-checked, and each is run in a world of its own. They become modules whose lines
 * have the numbers that they have on their page.
 */

const PAGES = ['README.md', 'docs/filters.md', 'docs/hnsw.md', 'docs/maintenance.md', 'docs/similarity.md']

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = join(root, 'build', 'docs-examples')

interface Example {
  readonly title: string
  readonly file: string
  readonly code: string
  /** Of its first line, from 1. */
  readonly line: number
}

function examplesOf(page: string): Example[] {
  const text = readFileSync(join(root, page), 'utf8')
  return Array.from(text.matchAll(/^```(?:js|ts)\n(.*?)^```/gms), ({ 1: code, index }) => {
    const line = text.slice(0, index).split('\n').length + 1
    const file = join(folder, `${page.replaceAll(/\W/g, '-')}-${line}.ts`)
    return { title: `${page}, line ${line}`, file, code: code!, line }
  })
}

const SOURCES: Readonly<Record<string, string>> = {
  skalar: '../../src/index.ts',
  'skalar/similarity': '../../src/similarity/index.ts',
}

/** A module: the example's imports, and around the rest a scope of its own, in which it may name things as the world does. */
function moduleOf({ code, line }: Example, names: readonly string[]): string {
  const imports: string[] = []
  const body = code.replaceAll(/^import .* from '(.*?)'.*/gm, (statement, name: string) => {
    imports.push(statement.replace(/ from .*/, ` from '${SOURCES[name]}'`))
    return ''
  })
  const head = [
    ...imports,
    `import { world, type Film } from '../../test/docs/world.ts'`,
    `const { ${names.join(', ')} } = world()`,
  ]
  return `${head.join('; ')}; {${'\n'.repeat(line - 1)}${body}}\n`
}

function problemsOf(files: readonly string[]): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root, {
    noEmit: true,
    noUnusedLocals: false,
    noUncheckedIndexedAccess: false,
    verbatimModuleSyntax: false,
  })
  const program = ts.createProgram(files, options)
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const place =
      file && `${relative(root, file.fileName)}:${file.getLineAndCharacterOfPosition(start!).line + 1}`
    return `${place}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}

const examples = PAGES.flatMap(examplesOf)

describe('the examples of the docs', () => {
  const start = process.cwd()

  beforeAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const world = await makeWorld(join(folder, 'world'))
    await world.db.close()
    const names = Object.keys(world)
    for (const example of examples) writeFileSync(example.file, moduleOf(example, names))
  })

  afterAll(() => process.chdir(start))

  it('are on every page', () => {
    for (const page of PAGES) expect(examplesOf(page).length, page).toBeGreaterThan(0)
  })

  it('have the types that they should', { timeout: 120_000 }, () => {
    expect(problemsOf(examples.map(({ file }) => file))).toEqual([])
  })

  it.each(examples)('$title runs', async ({ file }) => {
    // Examples write where they please.
    process.chdir(temporaryFolder())
    const world = await makeWorld('world')
    onTestFinished(() => world.db.close())
    setWorld(world)
    await import(file)
  })
})
