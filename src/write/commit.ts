import type { Session, Source } from '../source.ts'
import { type Changes, Writer } from '../store/writer.ts'

/** Commits what `action` does to a collection as one transaction, and brings it into this process's memory. */
export async function commit<T>(
  session: Session,
  source: Source,
  weight: number,
  action: (writer: Writer) => T,
): Promise<T> {
  session.assertOpen()
  const { environment, definition, name } = source
  const { result, changes } = await environment.write(weight, () => {
    const writer = new Writer(environment, definition.identity, name)
    const result = action(writer)
    return { result, changes: writer.finish() }
  })
  applyChanges(source, changes)
  return result
}

/**
 * Brings committed changes into memory. A failure, for want of memory, is no failure of the write: the next query takes
 * the change from the log, and reports it then.
 */
export function applyChanges(source: Source, changes: Changes): void {
  try {
    source.replica.apply(changes)
  } catch {}
}
