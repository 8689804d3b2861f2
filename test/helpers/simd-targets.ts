import { execFileSync } from 'node:child_process'

const native = new URL('../../dist/native.js', import.meta.url).href

/** The instruction sets that this machine and build can be forced to use; the portable one is always among them. */
export function simdTargets(): string[] {
  return ['avx512', 'avx2', 'neon', 'scalar'].filter((target) => {
    // The target is chosen once a process: a child of each is asked.
    const code = `import(${JSON.stringify(native)}).then(({ simdTarget }) => simdTarget())
      .catch((error) => error.code).then((answer) => process.stdout.write(answer))`
    const printed = execFileSync(process.execPath, ['-e', code], {
      env: { ...process.env, SKALAR_SIMD: target },
    })
    const outcome = printed.toString()
    if (outcome !== target && outcome !== 'NATIVE_UNAVAILABLE')
      throw new Error(`SKALAR_SIMD=${target}: ${outcome}`)
    return outcome === target
  })
}
