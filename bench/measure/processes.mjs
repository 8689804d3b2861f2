import { fork, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url))
/** The kernel prefers the first CPU for interrupts. */
const ONE_CPU = String(availableParallelism() - 1)
/** As much of what a child printed as goes into an error. */
const ERROR_CHARACTERS = 500

/** A child was ended because its time was up. */
export class TimeUp extends Error {}

/** Whether a process can be tied to one CPU here. */
export const canPin = spawnSync('taskset', ['-c', ONE_CPU, 'true']).status === 0

/**
 * Runs a task of `child.mjs` in a new process, tied to one CPU if `pinned` (and possible): a library that starts more
 * threads than it was told to gains nothing by them.
 *
 * @throws TimeUp after `seconds`
 * @throws Error with what went wrong: the error in the child, or its end
 */
export function runInChild(task, { pinned, seconds }) {
  const tie = pinned && canPin
  const child = fork(CHILD, {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execPath: tie ? 'taskset' : process.execPath,
    execArgv: tie ? ['-c', ONE_CPU, process.execPath] : [],
  })
  return new Promise((resolve, reject) => {
    let printed = ''
    child.stderr.on('data', (data) => {
      printed = (printed + data).slice(-ERROR_CHARACTERS)
    })
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new TimeUp(`took longer than ${Math.round(seconds)} s`))
    }, 1000 * seconds)
    child.on('error', reject)
    child.on('message', ({ result, error }) => {
      if (error === undefined) resolve(result)
      else reject(new Error(error))
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      // After an answer this has no effect.
      reject(new Error(`ended with ${signal ?? `code ${code}`}. ${printed}`.trim()))
    })
    child.send(task)
  })
}
