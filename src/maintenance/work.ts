import { checkOptions, functionOption, signalOption } from '../options.ts'
import type { Session } from '../source.ts'

/** What a long call is to be ended by, and told of. */
export interface Work<P> {
  readonly signal: AbortSignal | undefined
  /** To be called between two steps. @throws the signal's reason; SkalarError `CLOSED` */
  check(): void
  /** The same, after telling how far it has come. @throws also what `onProgress` throws */
  tell(progress: P): void
}

/** The options of a call that has no others. @throws SkalarError `BAD_OPTION` */
export function parseWork<P>(session: Session, options: unknown): Work<P> {
  const given = checkOptions(options, ['signal', 'onProgress'], 'options')
  const signal = signalOption(given.signal, 'options.signal')
  const onProgress = functionOption<(progress: P) => void>(given.onProgress, 'options.onProgress')
  const check = () => {
    signal?.throwIfAborted()
    session.assertOpen()
  }
  return {
    signal,
    check,
    tell(progress) {
      onProgress?.(progress)
      check()
    },
  }
}
