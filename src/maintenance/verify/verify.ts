import { faultOfIndex } from '../../engine/saved-fault.ts'
import { listen } from '../../listen.ts'
import type { Session, Source } from '../../source.ts'
import { findDefinition } from '../../store/catalogue.ts'
import { generationEntry } from '../../store/entries.ts'
import type { Snapshot } from '../../store/environment.ts'
import { faultsOfGarbage } from '../../store/garbage.ts'
import { indexFiles } from '../../store/index-files.ts'
import { readState } from '../../store/state.ts'
import { nextTurn, SLICE_MS } from '../../turns.ts'
import type { MaintenanceProgress, Verification } from '../types.ts'
import { parseWork, type Work } from '../work.ts'
import { Findings } from './findings.ts'
import { checkFreeNumbers } from './free-numbers.ts'
import { checkLog } from './log.ts'
import { checkRecall } from './recall.ts'
import { RowCheck } from './rows.ts'

const SPACE = 0

/**
 * Looks for whatever is not as it should be in a collection: its rows against each other and their checksums as they were at one moment, in
 * slices of the event loop; the files of its index; and what its engine finds, against the exact scan.
 *
 * @throws SkalarError `BAD_OPTION`, `NOT_FOUND`, `STORAGE`, `CLOSED`; the signal's reason; what `onProgress` throws
 */
export async function verify(source: Source, session: Session, options: unknown): Promise<Verification> {
  const work = parseWork<MaintenanceProgress>(session, options)
  work.check()
  const findings = new Findings()
  const snapshot = source.environment.snapshot()
  try {
    await checkRows(source, snapshot, work, findings)
  } finally {
    snapshot.done()
  }
  await checkIndex(source, work, findings)
  await checkRecall(source, work, findings)
  return findings.result()
}

async function checkRows(
  source: Source,
  snapshot: Snapshot,
  work: Work<MaintenanceProgress>,
  findings: Findings,
): Promise<void> {
  const { name, definition } = source
  const state = readState(snapshot, definition.identity, name)
  const { number, live, nextOrdinal, freeOrdinals, nextSlot, freeSlots } = state
  checkCatalogue(source, snapshot, number, findings)
  if (state.torn) {
    // Its rows may contradict each other until a write mends them: store/repair.ts.
    findings.add('UNFINISHED', 'a thread was ended in a transaction: the next write mends it')
    return
  }
  const rows = new RowCheck(snapshot, state, definition.dimension, findings)
  const ordinals = {
    name: 'ordinal',
    kind: 0,
    next: nextOrdinal,
    free: freeOrdinals,
    isLive: (ordinal: number) => rows.hasOrdinal(ordinal),
  } as const
  const slots = {
    name: 'slot',
    kind: 1 + SPACE,
    next: nextSlot,
    free: freeSlots,
    isLive: (slot: number) => rows.hasSlot(slot),
  } as const
  const steps: readonly (readonly [string, Generator<number>])[] = [
    ['ids and records', rows.ids()],
    ['records', rows.records()],
    ['vectors', rows.vectors()],
    ['the log', checkLog(snapshot, state, rows, findings)],
    ['freed ordinals', checkFreeNumbers(snapshot, number, ordinals, findings)],
    ['freed slots', checkFreeNumbers(snapshot, number, slots, findings)],
  ]
  const progress = { done: 0, total: 3 * live }
  for (const [where, step] of steps) {
    try {
      await runInSlices(step, progress, work)
    } catch (error) {
      findings.take('DAMAGED_PAGE', error, `of ${where} not all can be read`)
    }
  }
}

async function runInSlices(
  step: Generator<number>,
  progress: { done: number; total: number },
  work: Work<MaintenanceProgress>,
): Promise<void> {
  await nextTurn()
  let end = performance.now() + SLICE_MS
  for (const looked of step) {
    progress.done += looked
    if (performance.now() < end) continue
    work.tell({ done: progress.done, total: Math.max(progress.done, progress.total) })
    await nextTurn()
    end = performance.now() + SLICE_MS
  }
  work.tell({ done: progress.done, total: Math.max(progress.done, progress.total) })
}

function checkCatalogue({ name }: Source, snapshot: Snapshot, number: number, findings: Findings): void {
  try {
    findDefinition(snapshot, name)
    const index = snapshot.catalogue.get(`index:${number}:${SPACE}`)
    if (index !== undefined && generationEntry(index) === undefined) {
      findings.add('DAMAGED_CATALOGUE', 'the entry of the index names none: it is built again')
    }
    for (const fault of faultsOfGarbage(snapshot)) findings.add('DAMAGED_CATALOGUE', fault)
  } catch (error) {
    findings.take('DAMAGED_CATALOGUE', error, 'the catalogue')
  }
}

/** The files of the index in force have their checksums, and the graph in memory is one that can be walked. */
async function checkIndex(
  { environment, pool, definition, name, replica, engine }: Source,
  work: Work<MaintenanceProgress>,
  findings: Findings,
): Promise<void> {
  const files = indexFiles(environment, { identity: definition.identity, name }, replica.currentNumber())
  const stop = new Int32Array(1)
  const unlisten = work.signal && listen(work.signal, () => Atomics.store(stop, 0, 1))
  try {
    const fault = await faultOfIndex(files, pool, stop)
    work.check()
    if (fault !== undefined) findings.add('DAMAGED_INDEX', `${fault}: it is built again`)
    const flaw = await engine.fault(stop)
    if (flaw !== undefined) findings.add('DAMAGED_GRAPH', `in the graph in memory ${flaw}: rebuild()`)
  } catch (error) {
    work.check()
    throw error
  } finally {
    unlisten?.()
  }
}
