import { Fifo } from './fifo.ts'

/*
 * Sharing the event loop. Work that takes long on the JavaScript thread is done in slices; each slice waits for a turn
 * of its own, so that a thousand jobs under way delay everything else by no more than one of them would.
 */

/** How long a slice may work, in milliseconds. */
export const SLICE_MS = 4

const waiting = new Fifo<() => void>()
let scheduled = false

/** Resolves in a later turn of the event loop, which nobody else gets. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    if (!scheduled) schedule()
  })
}

let turnStart = 0
let turnOpen = false

/**
 * For short work that may come in masses, such as shaping the answers of many queries: undefined while this turn of the
 * event loop has time left, else a promise of a later turn.
 */
export function turnWhenBusy(): Promise<void> | undefined {
  const now = performance.now()
  if (!turnOpen) {
    turnOpen = true
    turnStart = now
    setImmediate(() => {
      turnOpen = false
    })
  }
  return now - turnStart < SLICE_MS ? undefined : nextTurn()
}

function schedule(): void {
  scheduled = true
  setImmediate(wakeOne)
}

function wakeOne(): void {
  const resolve = waiting.shift()
  if (waiting.length > 0) schedule()
  else scheduled = false
  resolve?.()
}
