/*
 * What the program of a child tells the runner: lines of JSON, written synchronously, so that what was told had
 * happened, and as much as could be was told, however the child ends.
 */
import { writeSync } from 'node:fs'
import { SkalarError } from 'skalar'

const STDOUT = 1

/** What the runner gave the child. */
export const input = JSON.parse(process.argv[2] ?? '{}')

export function tell(message) {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`)
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(STDOUT, bytes, at)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}

/** Counts an outcome; of those that are not good the detail is told once. */
export class Outcomes {
  counts = {}

  add(outcome, detail) {
    this.counts[outcome] = (this.counts[outcome] ?? 0) + 1
    if (this.counts[outcome] === 1 && detail !== undefined)
      tell({ outcome, detail: String(detail).slice(0, 600) })
  }

  /** Adds `ok`, or the fault. */
  check(fault, detail) {
    this.add(fault ?? 'ok', fault && (typeof detail === 'function' ? detail() : detail))
  }

  /** Runs an action and counts how it ended; returns what it returned. */
  async try(action, about = '') {
    try {
      const value = await action()
      this.add('ok')
      return value
    } catch (error) {
      this.add(outcomeOf(error), `${about} ${error?.stack ?? error}`)
    }
  }

  tell() {
    tell({ counts: this.counts })
  }
}

/** The word for an error: its code, or that it has none. Numbers and paths are left out, so that equal ones count as one. */
export function outcomeOf(error) {
  if (error instanceof SkalarError) return `refused: ${error.code}`
  const text = String(error?.message ?? error)
  return `uncoded: ${error?.constructor?.name} ${text
    .replace(/\/[\w./-]+/g, '<path>')
    .replace(/\d+/g, 'n')
    .slice(0, 80)}`
}
