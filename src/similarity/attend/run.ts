import { fromNative } from '../../native.ts'
import { Abort } from '../../query/abort.ts'
import type { Handle, Source } from '../../source.ts'
import { turnWhenBusy } from '../../turns.ts'
import { find } from './find.ts'
import { headsOf, outputOf } from './heads.ts'
import { type AttendRequest, parseAttend } from './request.ts'
import { type Call, catchUp, memberScan, type State, settle } from './state.ts'
import { type Sums, sumAll, sumFound, type Weight } from './sum.ts'

/** How often a call that was overtaken by writes is tried again before the calling thread does it. */
const ATTEMPTS = 5

export interface AnyAttendResult {
  outputs: Float32Array[]
  weights: Weight[][]
  missingMass: number[]
}

/**
 * Attention over what was committed when it was called, or later. `handleOf` is what stands behind a collection, undefined for
 * anything else.
 *
 * @throws SkalarError as `Collection.attend`; the reason of `signal`
 */
export async function attend(
  source: Source,
  input: unknown,
  handleOf: (collection: unknown) => Handle | undefined,
): Promise<AnyAttendResult> {
  const request = parseAttend(input, source, handleOf)
  const { values } = request
  const work = () => answer(source, request)
  // The other database must not close meanwhile.
  return values.kind === 'collection' ? values.session.run(work) : work()
}

async function answer(source: Source, request: AttendRequest): Promise<AnyAttendResult> {
  const abort = new Abort(request)
  try {
    abort.check()
    const heads = await inTurns(request, abort, (i) => headsOf(request, i, source.definition.dimension))
    const call = { source, request, heads: heads.flat() }
    const { components, sums } = await sumsOf(call, abort)
    const outputs = await inTurns(request, abort, (i) => outputOf(request, sums.outputs[i]!, components))
    return { outputs, weights: sums.weights, missingMass: sums.missingMass }
  } catch (error) {
    abort.check()
    throw fromNative(error)
  } finally {
    abort.dispose()
  }
}

/** What is made of each query, in slices. */
async function inTurns<T>(
  { queries }: AttendRequest,
  abort: Abort,
  make: (query: number) => T,
): Promise<T[]> {
  const made: T[] = []
  for (let i = 0; i < queries.length; i++) {
    const turn = turnWhenBusy()
    if (turn !== undefined) {
      await turn
      abort.check()
    }
    made.push(make(i))
  }
  return made
}

interface Answer {
  readonly sums: Sums
  readonly components: number
}

async function sumsOf(call: Call, abort: Abort): Promise<Answer> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await tryOnce(call, abort)
    if (found !== undefined) return found
  }
  return onThisThread(call)
}

/** Undefined when writes have overtaken it. */
async function tryOnce(call: Call, abort: Abort): Promise<Answer | undefined> {
  await catchUp(call)
  const scan = memberScan(call)
  if (scan !== undefined) {
    await scan.scan.run(() => abort.check())
    await catchUp(call)
  }
  const turn = turnWhenBusy()
  if (turn !== undefined) await turn
  abort.check()
  const state = settle(call, scan)
  if (state === undefined) return undefined
  const sums = await abort.race(sumLater(call, state, abort))
  return sums && { sums, components: state.components }
}

async function sumLater(call: Call, state: State, abort: Abort): Promise<Sums | undefined> {
  if (call.request.full) return sumAll(call, state).later(abort.flag)
  const found = await find(call, state).later(abort.flag)
  if (found === undefined || !state.holds()) return undefined
  return sumFound(call, state, found).later(abort.flag)
}

/** Where nothing can overtake it. */
function onThisThread(call: Call): Answer {
  for (;;) {
    const scan = memberScan(call)
    scan?.scan.runSync()
    const state = settle(call, scan)
    const sums = state && sumNow(call, state)
    if (sums !== undefined) return { sums, components: state!.components }
  }
}

function sumNow(call: Call, state: State): Sums | undefined {
  if (call.request.full) return sumAll(call, state).now()
  const found = find(call, state).now()
  return found && sumFound(call, state, found).now()
}
