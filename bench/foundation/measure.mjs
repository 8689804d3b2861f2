import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'

/** Runs `task` with a fresh folder that is gone afterwards. */
export async function inTemporaryFolder(task) {
  const folder = mkdtempSync(join(tmpdir(), 'skalar-bench-'))
  try {
    return await task(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Milliseconds that `task` takes until it has returned or its promise is settled. */
export async function millisecondsOf(task) {
  const start = performance.now()
  await task()
  return performance.now() - start
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * Runs every case once per repetition, forwards and backwards in turn, so that drift of the machine meets all alike.
 * Resolves to the samples of each case under its name; the first run of each, which compiles the code, is not among them.
 */
export async function interleaved(cases, repetitions) {
  const samples = Object.fromEntries(Object.keys(cases).map((name) => [name, []]))
  const order = Object.keys(cases)
  for (const name of order) await cases[name]()
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const name of order) samples[name].push(await cases[name]())
    order.reverse()
  }
  return samples
}

export function medians(samples) {
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]))
}

/** The timer's own millisecond and what it needs to settle: before this the histogram has no first reading. */
const SETTLE_MS = 50

/**
 * The delay of the event loop while `task` runs, in milliseconds. The readings are the raw intervals of a 1 ms timer: an
 * idle loop reads a little over 1.
 */
export async function eventLoopDelay(task) {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  await setTimeout(SETTLE_MS)
  const ms = await millisecondsOf(task)
  // The block that the task ended with is read by the next timer only.
  await setTimeout(SETTLE_MS)
  histogram.disable()
  const milliseconds = (nanoseconds) => nanoseconds / 1e6
  return {
    p50: milliseconds(histogram.percentile(50)),
    p99: milliseconds(histogram.percentile(99)),
    max: milliseconds(histogram.max),
    seconds: ms / 1000,
  }
}

/** A copy in random order (Fisher–Yates). */
export function shuffled(items, random) {
  const copy = [...items]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[copy[i], copy[j]] = [copy[j], copy[i]]
  }
  return copy
}
