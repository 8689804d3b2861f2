import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { SkalarError } from '../../errors.ts'
import { listen } from '../../listen.ts'
import type { Problem, Report, Solution } from './solver-thread.ts'

/*
 * Training runs on a thread of its own, since libsvm neither pauses nor looks whether it is to stop: to stop it, the thread is ended.
 * A thread has a libsvm of its own, whose random numbers begin anew: so the same problem has the same solution.
 */

/** Beside this file; of sources that run as they are, as in tests, what was built of them. */
const FILES = ['./solver-thread.js', '../../../dist/similarity/kernel-machine/solver-thread.js']

/**
 * The solution of a problem, whose matrix it takes over.
 *
 * @throws SkalarError `OUT_OF_MEMORY`, `BAD_OPTION`; the signal's reason, or what `onProgress` throws
 */
export function solve(
  problem: Problem,
  signal: AbortSignal | undefined,
  onProgress: (phase: 'train' | 'validate', done: number, total: number) => void,
): Promise<Solution> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(threadFile(), {
      workerData: problem,
      transferList: [problem.kernel.buffer],
      execArgv: [],
      // What Emscripten prints is nobody's business.
      stdout: true,
      stderr: true,
    })
    let settled = false
    const settle = (outcome: () => void) => {
      if (settled) return
      settled = true
      unlisten?.()
      // Its end is waited for, so that its memory is free when the call is done.
      void worker.terminate().then(outcome, outcome)
    }
    const fail = (error: unknown) => settle(() => reject(error))
    const unlisten = signal && listen(signal, () => fail(signal.reason))
    worker.on('message', (report: Report) => {
      if (settled) return
      if ('solution' in report) return settle(() => resolve(report.solution))
      if ('failure' in report) return fail(failureOf(report.failure))
      try {
        onProgress(report.phase, report.done, report.total)
      } catch (error) {
        fail(error)
      }
    })
    worker.on('error', (error: NodeJS.ErrnoException) => {
      fail(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? failureOf('memory', error) : error)
    })
    worker.on('exit', (code) => fail(new Error(`the training thread has ended with code ${code}`)))
  })
}

function threadFile(): string {
  const files = FILES.map((file) => fileURLToPath(new URL(file, import.meta.url)))
  return files.find((file) => existsSync(file)) ?? files[0]!
}

function failureOf(failure: 'memory' | 'kernel' | 'supports', cause?: unknown): SkalarError {
  switch (failure) {
    case 'memory':
      return new SkalarError(
        'OUT_OF_MEMORY',
        'there is no memory for the training: set options.sample lower',
        {
          path: 'options.sample',
          cause,
        },
      )
    case 'kernel':
      return new SkalarError(
        'BAD_OPTION',
        'values of options.kernel are beyond the range of float64: set its gamma, degree or coef0 lower',
        { path: 'options.kernel' },
      )
    case 'supports':
      return new SkalarError(
        'BAD_OPTION',
        'options.C is so small that no example has a weight: set it higher',
        {
          path: 'options.C',
        },
      )
  }
}
