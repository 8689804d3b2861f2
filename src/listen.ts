/*
 * One listener on a signal, however many calls wait for it: Node warns of a leak from the eleventh on.
 */
interface Listeners {
  readonly calls: Set<() => void>
  readonly onAbort: () => void
}

const listening = new WeakMap<AbortSignal, Listeners>()

/** Has `call` called when the signal fires, if it has not yet, until the function that is returned is called. */
export function listen(signal: AbortSignal, call: () => void): () => void {
  let listeners = listening.get(signal)
  if (listeners === undefined) {
    const calls = new Set<() => void>()
    const onAbort = () => {
      for (const each of calls) each()
    }
    listeners = { calls, onAbort }
    signal.addEventListener('abort', listeners.onAbort, { once: true })
    listening.set(signal, listeners)
  }
  const { calls, onAbort } = listeners
  calls.add(call)
  return () => {
    if (!calls.delete(call) || calls.size > 0) return
    signal.removeEventListener('abort', onAbort)
    listening.delete(signal)
  }
}
