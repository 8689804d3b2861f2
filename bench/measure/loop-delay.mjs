import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'

/** Long enough for a timer that was held up to fire. */
const SETTLE_MS = 20

/**
 * Runs work and tells for how long the event loop stood still at most meanwhile, in milliseconds.
 *
 * @returns {Promise<{ value, blockedMs: number }>}
 */
export async function withLoopDelay(work) {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await setTimeout(SETTLE_MS)
  delay.reset()
  // The first tick after a reset is only the start of the first interval.
  await setTimeout(SETTLE_MS)
  const value = await work()
  await setTimeout(SETTLE_MS)
  delay.disable()
  return { value, blockedMs: delay.max / 1e6 }
}
