import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { encodeMachine } from '../../src/similarity/kernel-machine/machine-bytes.ts'
import { machineOfShape } from './machines.ts'

/* What a machine keeps in native memory, in processes of their own. */

const DIMENSION = 4096
const SUPPORTS = 2048
/** Of its support vectors, as float32. V8 tells nobody what it has been told of such memory; what is resident shows it. */
const BYTES = 4 * DIMENSION * SUPPORTS

const folder = mkdtempSync(join(tmpdir(), 'skalar-machine-'))
afterAll(() => rmSync(folder, { recursive: true }))

const path = join(folder, 'machine')
writeFileSync(
  path,
  encodeMachine(
    machineOfShape({
      kernel: { name: 'rbf', measure: 'rbf', parameters: { gamma: 0.01, coef0: 0, degree: 1 } },
      dimension: DIMENSION,
      counts: [SUPPORTS / 2, SUPPORTS / 2],
      seed: 1,
    }),
  ),
)

const module = JSON.stringify(new URL('../../dist/similarity/index.js', import.meta.url).href)
const file = JSON.stringify(path)

function run(program: string, ...flags: string[]): string {
  return execFileSync(process.execPath, [...flags, '--input-type=module', '-e', program], {
    timeout: 60_000,
  }).toString()
}

describe('a process with a kernel machine', () => {
  it('lays out its vectors once, with the first decision, and has their memory back when it is collected', () => {
    const program = `
      import { readFileSync } from 'node:fs'
      const { kernelMachineFromBytes } = await import(${module})
      const resident = async () => {
        for (let i = 0; i < 3; i++) {
          gc()
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
        return process.memoryUsage.rss()
      }
      const vector = new Float32Array(${DIMENSION}).fill(1)
      const use = async () => {
        const machine = kernelMachineFromBytes(readFileSync(${file}))
        const before = await resident()
        await machine.classify(vector)
        const kept = await resident()
        for (let i = 0; i < 20; i++) await machine.classify(vector)
        return [kept - before, (await resident()) - kept]
      }
      await use()
      const empty = await resident()
      const seen = await use()
      process.stdout.write(JSON.stringify([...seen, (await resident()) - empty]))`
    const [kept, more, left] = JSON.parse(run(program, '--expose-gc'))
    expect(kept).toBeGreaterThan(0.8 * BYTES)
    expect(kept).toBeLessThan(1.2 * BYTES)
    expect(more).toBeLessThan(0.2 * BYTES)
    expect(left).toBeLessThan(0.2 * BYTES)
  })

  it('may end a worker amid its decisions, the first of which lays out its vectors', () => {
    const program = `
      import { Worker } from 'node:worker_threads'
      const ended = async (delay) => {
        const worker = new Worker(\`
          Promise.all([import(${module}), import('node:fs'), import('node:worker_threads')]).then(
            async ([{ kernelMachineFromBytes }, { readFileSync }, { parentPort }]) => {
              const machine = kernelMachineFromBytes(readFileSync(${file.replaceAll('\\', '\\\\')}))
              const vectors = Array.from({ length: 200 }, () => new Float32Array(${DIMENSION}).fill(1))
              const calls = [machine.classify(vectors), machine.classify(vectors[0]), machine.classify(vectors)]
              parentPort.postMessage(0)
              for (;;) await Promise.all(calls.map(() => machine.classify(vectors)))
            })\`, { eval: true })
        await new Promise((resolve) => worker.once('message', resolve))
        await new Promise((resolve) => setTimeout(resolve, delay))
        await worker.terminate()
      }
      for (const delay of [0, 1, 5, 50]) await ended(delay)
      process.stdout.write('ended')`
    expect(run(program)).toBe('ended')
  })
})
