import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Runs a script of this folder's neighbours in a Node process of its own, where `skalar` is the built package. Resolves to
 * the value that it prints as JSON; rejects with what it wrote to stderr when it fails.
 */
export async function runScript(
  script: URL,
  input: unknown,
  environment: Record<string, string> = {},
): Promise<unknown> {
  const arguments_ = [fileURLToPath(script), JSON.stringify(input)]
  const { stdout } = await run(process.execPath, arguments_, {
    env: { ...process.env, ...environment },
    maxBuffer: 2 ** 26,
  })
  return JSON.parse(stdout)
}
