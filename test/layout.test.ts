import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cycleIn, filesBelow, importsOf, includesOf, type SourceFile } from './helpers/source-tree.ts'

/*
 * Which part may use which, as docs/architecture.md has it: lower never imports higher. A part is a folder of `src/`, with
 * its namesake beside it, or a single file.
 */

/** What knows nothing of databases; everything may use it. */
const FOUNDATION = [
  'errors',
  'types',
  'generation',
  'fifo',
  'turns',
  'listen',
  'norm',
  'validate',
  'options',
  'kernel-parameters',
  'precision-matrix',
  'fields',
]

const TYPESCRIPT: Readonly<Record<string, readonly string[]>> = {
  index: [
    'database',
    'collection',
    'functions',
    'similarity',
    'transaction',
    'maintenance',
    'errors',
    'types',
  ],
  database: [
    'registry',
    'core',
    'definition',
    'transaction',
    'collection',
    'maintenance',
    'source',
    'engine',
    'store',
    ...FOUNDATION,
  ],
  registry: ['core', 'store', ...FOUNDATION],
  core: ['source', 'engine', 'store', 'native', ...FOUNDATION],
  transaction: ['collection', 'query', 'write', 'source', 'store', ...FOUNDATION],
  collection: ['query', 'write', 'similarity', 'maintenance', 'functions', 'source', 'store', ...FOUNDATION],
  write: ['query', 'source', 'engine', 'store', ...FOUNDATION],
  query: ['source', 'engine', 'store', 'functions', 'native', ...FOUNDATION],
  similarity: ['query', 'source', 'engine', 'store', 'functions', 'native', ...FOUNDATION],
  maintenance: ['query', 'source', 'engine', 'store', 'native', ...FOUNDATION],
  definition: ['engine', 'store', ...FOUNDATION],
  source: ['engine', 'store', 'native', ...FOUNDATION],
  engine: ['functions', 'native', ...FOUNDATION],
  store: ['native', ...FOUNDATION],
  functions: ['native', ...FOUNDATION],
  native: ['errors', 'types', 'precision-matrix'],
  fields: ['options', 'validate', 'types', 'errors'],
  'kernel-parameters': ['options'],
  options: ['validate', 'types', 'errors'],
  validate: ['norm', 'types', 'errors'],
  'precision-matrix': [],
  turns: ['fifo'],
  norm: [],
  generation: [],
  fifo: [],
  listen: [],
  types: ['errors'],
  errors: [],
}

/** The folder of `src/` or `native/` that a file lies in, or its own name without extension. */
function partOf(path: string): string {
  const [, part = ''] = path.split('/')
  return part.replace(/\.\w+$/, '')
}

describe('src/', () => {
  const files = filesBelow('src', ['.ts'])
  const references = new Map(files.map((file) => [file.path, localImports(file)]))

  function localImports(file: SourceFile): string[] {
    const local = importsOf(file).filter((name) => name.startsWith('.') && name.endsWith('.ts'))
    return local.map((name) => posix.join(posix.dirname(file.path), name))
  }

  /** What `skalar/similarity` exports, with all that this takes. */
  const exported = new Set<string>(['src/similarity/index.ts'])
  for (const path of exported) for (const target of references.get(path)!) exported.add(target)

  /** Of `similarity/` the functions of vectors stand below databases, the methods of collections above. */
  function layerOf(path: string): string {
    const part = partOf(path)
    return part === 'similarity' && exported.has(path) ? 'functions' : part
  }

  it.each(Object.keys(TYPESCRIPT))('%s imports only what stands below it', (part) => {
    for (const { path } of files.filter((file) => layerOf(file.path) === part)) {
      for (const target of references.get(path)!) {
        if (layerOf(target) !== part)
          expect(TYPESCRIPT[part], `${path} imports ${target}`).toContain(layerOf(target))
      }
    }
  })

  it('has no part that the table above does not name', () => {
    const parts = new Set(files.map(({ path }) => layerOf(path)))
    expect(Object.keys(TYPESCRIPT)).toEqual(expect.arrayContaining([...parts]))
    expect(files.length).toBeGreaterThan(40)
  })

  it('has a table that itself has no cycle', () => {
    expect(cycleIn(new Map(Object.entries(TYPESCRIPT)))).toBeUndefined()
  })

  it('exports from skalar/similarity only what needs no database', () => {
    const parts = new Set([...exported].map(partOf))
    for (const part of ['query', 'write', 'source', 'engine', 'store']) expect(parts).not.toContain(part)
    expect(parts).toContain('native')
  })

  it('has a file for each thread that imports none of ours, since it is loaded as it is', () => {
    const files = [...references.keys()].filter((path) => path.endsWith('-thread.ts'))
    expect(files).toEqual(['src/similarity/kernel-machine/solver-thread.ts'])
    for (const path of files) expect(references.get(path)).toEqual([])
  })

  it('has no cycles of files', () => {
    expect(cycleIn(references)).toBeUndefined()
  })

  it('imports files that exist, by their whole name', () => {
    for (const [path, targets] of references) {
      for (const target of targets) expect(references.has(target), `${path} imports ${target}`).toBe(true)
    }
    for (const file of files) {
      for (const name of importsOf(file)) if (name.startsWith('.')) expect(name, file.path).toMatch(/\.ts$/)
    }
  })

  it('imports lmdb only in store/, and loads the addon only in native.ts', () => {
    for (const file of files) {
      const names = importsOf(file)
      if (partOf(file.path) !== 'store') expect(names, file.path).not.toContain('lmdb')
      if (file.path !== 'src/native.ts')
        expect(file.text, file.path).not.toMatch(/\.node['"`]|process\.dlopen|bindings\(/)
    }
    expect(files.some((file) => importsOf(file).includes('lmdb'))).toBe(true)
    expect(files.find(({ path }) => path === 'src/native.ts')!.text).toMatch(/skalar\.node/)
  })

  it('imports only Node itself and the packages that are named here', () => {
    const packages: Readonly<Record<string, string>> = {
      lmdb: 'store',
      msgpackr: 'store',
      'hnswlib-node': 'engine',
      'ml-matrix': 'similarity',
      'libsvm-js': 'similarity',
      'libsvm-js/out/wasm/libsvm': 'similarity',
    }
    for (const file of files) {
      for (const name of importsOf(file)) {
        if (name.startsWith('.') || name.startsWith('node:')) continue
        expect(packages[name], `${file.path} imports ${name}`).toBe(partOf(file.path))
      }
    }
  })

  it('never prints and never ends the process', () => {
    for (const { path, text } of files) {
      expect(text, path).not.toMatch(/\bconsole\.|process\.(exit|abort|stdout|stderr)\b/)
    }
  })
})

const CPP: Readonly<Record<string, readonly string[]>> = {
  addon: ['binding', 'store', 'simd', 'os'],
  binding: ['hnsw', 'flat', 'score', 'store', 'quant', 'simd', 'base'],
  hnsw: ['flat', 'score', 'store', 'quant', 'simd', 'base'],
  flat: ['score', 'store', 'quant', 'simd', 'base'],
  score: ['store', 'simd', 'base'],
  store: ['simd', 'os', 'base'],
  quant: ['simd', 'base'],
  simd: ['base'],
  os: [],
  base: [],
}

describe('native/', () => {
  const files = filesBelow('native', ['.cc', '.h'])
  const local = new Map(
    files.map((file) => [
      file.path,
      includesOf(file).flatMap((name) => (name.startsWith('"') ? [`native/${name.slice(1, -1)}`] : [])),
    ]),
  )

  it.each(Object.keys(CPP))('%s includes only what stands below it', (part) => {
    for (const { path } of files.filter((file) => partOf(file.path) === part)) {
      for (const target of local.get(path)!) {
        if (partOf(target) !== part) expect(CPP[part], `${path} includes ${target}`).toContain(partOf(target))
      }
    }
  })

  it('has no part that the table above does not name', () => {
    const parts = new Set(files.map(({ path }) => partOf(path)))
    expect(Object.keys(CPP)).toEqual(expect.arrayContaining([...parts]))
    expect(files.length).toBeGreaterThan(20)
    expect(cycleIn(new Map(Object.entries(CPP)))).toBeUndefined()
  })

  it('includes headers that exist, by their path from native/, and has no cycles of files', () => {
    for (const [path, targets] of local) {
      for (const target of targets) expect(local.has(target), `${path} includes ${target}`).toBe(true)
    }
    expect(cycleIn(local)).toBeUndefined()
  })

  it('knows Node only in addon.cc and binding/', () => {
    for (const file of files) {
      if (['addon', 'binding'].includes(partOf(file.path))) continue
      expect(file.text, file.path).not.toMatch(/napi|node_api|\buv\.h|\bNapi::/)
    }
    expect(includesOf(files.find(({ path }) => path === 'native/addon.cc')!)).toContain('<napi.h>')
  })

  it('throws nothing, prints nothing and never ends the process', () => {
    for (const { path, text } of files) {
      const code = text.replace(/\/\/.*$/gm, '')
      expect(code, path).not.toMatch(/\bthrow\b|\bstd::(cout|cerr)\b|\bf?printf\b|\babort\s*\(|\bexit\s*\(/)
    }
  })

  // The standard library throws where memory is refused. What V8 and our threads call is where that ends; anything that
  // caught it below would have to say what its objects are worth by then.
  it('catches what the standard library throws in one place of binding/, and has all calls go through it', () => {
    for (const { path, text } of files) {
      const code = text.replace(/\/\/.*$/gm, '')
      expect([path, /\bcatch\b/.test(code)]).toEqual([path, path === 'native/binding/errors.h'])
      expect(code, path).not.toMatch(/ObjectWrap|Napi::Function::New|InstanceMethod/)
    }
  })

  it('builds every source file that it holds', () => {
    const gyp = filesBelow('native', ['binding.gyp'])[0]!.text
    for (const { path } of files.filter((file) => file.path.endsWith('.cc'))) {
      expect(gyp).toContain(`"${path.slice('native/'.length)}"`)
    }
  })
})

describe('every file', () => {
  const files = ['src', 'native', 'test'].flatMap((folder) =>
    filesBelow(folder, ['.ts', '.mjs', '.cc', '.h']),
  )

  it('of more than 400 lines says why in its first lines', () => {
    for (const { path, text } of files) {
      const lines = text.split('\n')
      if (lines.length > 401) expect(lines.slice(0, 10).join('\n'), path).toMatch(/400 lines/)
    }
    expect(files.length).toBeGreaterThan(100)
  })

  it('leaves nothing to be done later', () => {
    const words = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`)
    for (const { path, text } of files) expect(text, path).not.toMatch(words)
  })
})
