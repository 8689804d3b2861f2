import type { Judged } from './arbitraries.ts'
import { type Delete, FLAW_CODES, type Step, type Transact, type Update, type Upsert } from './commands.ts'
import { commitBatch, type ModelRecord, type Records, Refused, updateRecord } from './model.ts'

/** What the commands do to the model. Each returns what the call resolves to, or throws `Refused`. */

export function expectUpsert(records: Records, command: Upsert) {
  const { mode, abortAt, as } = command
  const streams = as === 'iterable' || as === 'async'
  if (!streams) {
    const batch = new Map<ModelRecord['id'], ModelRecord>()
    for (const [i, record] of command.records.entries())
      if (!flawAt(command, i, 0)) batch.set(record.id, record)
    if (abortAt === 0) throw new Refused('REASON')
    return commitBatch(records, batch, mode, 0)
  }
  const total = { inserted: 0, updated: 0 }
  let batch = new Map<ModelRecord['id'], ModelRecord>()
  let committed = 0
  let late: { readonly id: ModelRecord['id']; readonly refused: Refused } | undefined
  const commit = () => {
    if (late !== undefined) throw late.refused
    const { inserted, updated } = commitBatch(records, batch, mode, committed)
    total.inserted += inserted
    total.updated += updated
    committed += batch.size
    batch = new Map()
  }
  for (const [i, record] of command.records.entries()) {
    if (abortAt !== undefined && i >= abortAt) throw new Refused('REASON')
    if (late?.id === record.id) throw late.refused
    if (isNaNAt(command, i)) late = { id: record.id, refused: new Refused('BAD_VECTOR', committed) }
    if (flawAt(command, i, committed)) continue
    batch.set(record.id, record)
    if (batch.size === command.batchSize) commit()
  }
  commit()
  return total
}

/** Of a stream, vectors are checked when their batch is complete or they are replaced; everything else at once. */
function isNaNAt({ flaw, skip }: Upsert, index: number): boolean {
  return flaw?.at === index && flaw.kind === 'nan' && !skip
}

/** Whether a record is left out. @throws Refused when it fails the call at once */
function flawAt(command: Upsert, index: number, committed: number): boolean {
  const { flaw, skip, as } = command
  if (flaw?.at !== index) return false
  if (skip) return true
  if (flaw.kind === 'nan' && (as === 'iterable' || as === 'async')) return false
  throw new Refused(FLAW_CODES[flaw.kind], committed)
}

export function expectUpdate(records: Records, { target, patch, vector, version, aborted }: Update): number {
  if (aborted) throw new Refused('REASON')
  const targets = targetsOf(records, target)
  if (version === 'wrong' && targets.length > 0) throw new Refused('CONFLICT')
  for (const id of targets) updateRecord(records, id, patch, vector)
  return targets.length
}

export function expectDelete(records: Records, { target, aborted }: Delete): number {
  if (aborted) throw new Refused('REASON')
  const targets = targetsOf(records, target)
  for (const id of targets) records.delete(id)
  return targets.length
}

/** The ids of a target that exist, each once. */
export function targetsOf(records: Records, target: Update['target']) {
  if (typeof target !== 'object') return records.has(target) ? [target] : []
  if ('test' in target) return matching(records, target).map(({ id }) => id)
  return [...new Set(target)].filter((id) => records.has(id))
}

export function matching(records: Records, judged: Judged | undefined): ModelRecord[] {
  const all = [...records.values()]
  return judged === undefined ? all : all.filter(judged.test)
}

/** What each step returns; `both` is changed only when the transaction commits. */
export function expectTransaction(both: readonly [Records, Records], command: Transact): unknown[] {
  const during: [Records, Records] = [new Map(both[0]), new Map(both[1])]
  const results = command.steps.map((step) => expectStep(during[step.on], step))
  if (command.throws) throw new Refused('REASON')
  for (const [i, records] of both.entries()) {
    records.clear()
    for (const [id, record] of during[i]!) records.set(id, record)
  }
  return results
}

function expectStep(records: Records, step: Step): unknown {
  switch (step.kind) {
    case 'upsert':
      try {
        return commitBatch(records, new Map(step.records.map((record) => [record.id, record])), step.mode)
      } catch (error) {
        if (!step.caught) throw error
        return (error as Refused).code
      }
    case 'update':
      return [...new Set(step.ids)].filter((id) => updateRecord(records, id, step.patch, step.vector)).length
    case 'delete':
      return [...new Set(step.ids)].filter((id) => records.delete(id)).length
    case 'read': {
      const record = records.get(step.id)
      return record && { id: record.id, metadata: record.metadata }
    }
  }
}
