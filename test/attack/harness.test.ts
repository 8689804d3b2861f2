import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'

/** Programs of a child that each go wrong in one way, with the word for it. */
const FAULTS: Readonly<Record<string, readonly [outcome: string, program: string]>> = {
  'that crashes': ['crash: SIGSEGV', `process.kill(process.pid, 'SIGSEGV')`],
  'that aborts': ['crash: SIGABRT', 'process.abort()'],
  'that hangs': ['hang', 'setInterval(() => {}, 1000)'],
  'that blocks its thread': ['hang', 'for (;;);'],
  'that waits for what never comes': ['a promise that never settles', 'await new Promise(() => {})'],
  'that throws': ['exit 1: Error: no such thing', `throw new Error('no such thing')`],
  'that rejects': [
    'exit 1: Error: no such thing',
    `Promise.reject(new Error('no such thing')); setInterval(() => {}, 1000)`,
  ],
  'that answers wrong': ['wrong: 5', `process.stdout.write('{"counts":{"ok":3,"wrong: 5":2}}')`],
  'that tells of a wrong answer, and crashes': [
    'wrong: 5',
    `process.stdout.write('{"outcome":"wrong: 5","detail":"x"}'); process.exitCode = 4`,
  ],
}

interface Result {
  rounds: number
  counts: Record<string, number>
  faults: { seed: number; outcome: string; detail: string }[]
}

/** Runs an attack, given as the text of its fields, in a process of its own as the runner does. */
function run(folder: string, attack: string, options: string): Result {
  const library = join(import.meta.dirname, 'lib', 'harness.mjs')
  const program = `
    import { runAttack } from ${JSON.stringify(library)}
    const result = await runAttack({ name: 'seeded', tries: '', allowed: ['fine'], ${attack} }, ${options})
    console.log(JSON.stringify({ ...result, counts: Object.fromEntries(result.counts) }))
  `
  const file = join(folder, 'runner.mjs')
  writeFileSync(file, program)
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'skalar-harness-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

describe('an attack', () => {
  for (const [which, [outcome, program]] of Object.entries(FAULTS)) {
    it(`counts a child ${which}`, () => {
      const folder = temporaryFolder()
      const file = join(folder, 'child.mjs')
      writeFileSync(file, program)
      const round = `async round({ children }) { return (await children.run(${JSON.stringify(file)}, {}, { bound: ${outcome === 'hang' ? 1500 : 30_000} })).outcomes() }`
      const { faults, counts } = run(folder, round, '{ rounds: 1, seed: 5 }')
      expect(faults).toContainEqual(expect.objectContaining({ seed: 5, outcome }))
      expect(counts[outcome]).toBeGreaterThan(0)
    })
  }

  it('finds no fault where children end well, or as is allowed', () => {
    const folder = temporaryFolder()
    const file = join(folder, 'child.mjs')
    writeFileSync(file, `process.stdout.write('{"counts":{"ok":3,"fine":2}}')`)
    const round = `async round({ children }) { return (await children.run(${JSON.stringify(file)}, {})).outcomes() }`
    const result = run(folder, round, '{ rounds: 2, seed: 1 }')
    expect(result).toMatchObject({ rounds: 2, counts: { ok: 6, fine: 4 }, faults: [] })
  })

  it('counts what a database lacks, and holds that is not right', () => {
    const folder = temporaryFolder()
    const data = JSON.stringify(join(folder, 'data'))
    const file = join(folder, 'child.mjs')
    writeFileSync(
      file,
      `import { open } from ${JSON.stringify(join(import.meta.dirname, '../../dist/index.js'))}
       import { recordOf } from ${JSON.stringify(join(import.meta.dirname, 'lib/records.mjs'))}
       const database = await open(${data})
       const collection = await database.collection('c', { dimension: 16 })
       const { id, vector, metadata } = recordOf('x', 1, 'nobody')
       await collection.upsert([{ id, vector: vector.map((c) => -c), metadata }, { id: 'y', vector, metadata }])
       await database.close()`,
    )
    const round = `async round({ children }) {
      await children.run(${JSON.stringify(file)}, {})
      return (await children.run('verify', { folder: ${data}, seed: 1, base: 2, writers: { w0: 3 } })).outcomes()
    }`
    const { counts } = run(folder, round, '{ rounds: 1, seed: 1 }')
    expect(counts).toMatchObject({
      'wrong: vector': 1,
      'wrong: metadata': 1,
      'lost: records of the base': 1,
      'lost: acknowledged or half there': 1,
    })
  })

  it('that fails itself is a fault', () => {
    const { faults } = run(
      temporaryFolder(),
      `async round() { throw new Error('x') }`,
      '{ rounds: 1, seed: 1 }',
    )
    expect(faults).toMatchObject([{ outcome: 'broken: Error: x' }])
  })

  it('repeats a round by its seed', () => {
    const round = 'async round({ random }) { return { counts: { [random.next()]: 1 } } }'
    const folder = temporaryFolder()
    const all = run(folder, round, '{ rounds: 8, seed: 1, jobs: 2 }')
    const again = run(folder, round, '{ rounds: 1, seed: 6 }')
    expect(Object.keys(all.counts)).toHaveLength(8)
    expect(all.faults.find(({ seed }) => seed === 6)!.outcome).toBe(Object.keys(again.counts)[0])
  })

  it('leaves neither children nor folders behind', () => {
    const folder = temporaryFolder()
    const file = join(folder, 'child.mjs')
    const note = join(folder, 'note')
    writeFileSync(file, 'setInterval(() => {}, 1000)')
    const round = `async round({ children, folder }) {
      const { writeFileSync } = await import('node:fs')
      writeFileSync(${JSON.stringify(note)}, JSON.stringify([folder, children.start(${JSON.stringify(file)}, {}).pid]))
      return { counts: { ok: 1 } }
    }`
    run(folder, round, '{ rounds: 1, seed: 1 }')
    const [used, pid] = JSON.parse(readFileSync(note, 'utf8'))
    expect(existsSync(used)).toBe(false)
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })
})

describe('the runner', () => {
  const runner = join(import.meta.dirname, 'run.mjs')

  it('tells of an attack that it does not know', () => {
    const { status, stderr } = spawnSync(process.execPath, [runner, '--only', 'nonsense'], {
      encoding: 'utf8',
    })
    expect(status).toBe(1)
    expect(stderr).toContain('is none of bystander, corrupt, exit')
  })

  it('lists its options', () => {
    const { status, stdout } = spawnSync(process.execPath, [runner, '--help'], { encoding: 'utf8' })
    expect(status).toBe(0)
    expect(stdout).toContain('--rounds')
  })
})
