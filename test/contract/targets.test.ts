import { describe, expect, it } from 'vitest'
import { runScript } from '../helpers/child.ts'
import { temporaryFolder } from '../helpers/database.ts'
import { simdTargets } from '../helpers/simd-targets.ts'

const script = new URL('../helpers/answers.mjs', import.meta.url)

describe('instruction sets', () => {
  it('all give the same ids, scores and vectors, bit for bit', async () => {
    const targets = simdTargets()
    expect(targets).toContain('scalar')
    const outcomes = []
    for (const target of targets) {
      outcomes.push(await runScript(script, { folder: temporaryFolder() }, { SKALAR_SIMD: target }))
    }
    const { hash } = outcomes[0] as { hash: string }
    expect(outcomes).toEqual(targets.map((target) => ({ target, hash })))
  }, 60_000)

  it('that this machine lacks are refused, with the remedy', async () => {
    const failing = runScript(script, { folder: temporaryFolder() }, { SKALAR_SIMD: 'abacus' })
    await expect(failing).rejects.toThrow(/SKALAR_SIMD=abacus[\s\S]*unset it[\s\S]*NATIVE_UNAVAILABLE/)
  })
})
