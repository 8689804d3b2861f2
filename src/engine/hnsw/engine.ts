import type { NativeHeads, NativeStore } from '../../native.ts'
import type { CodesName } from '../../types.ts'
import type { Answers } from '../answers.ts'
import type { AbortFlag, EngineQuery } from '../engine.ts'
import { GraphEngine } from '../graph-engine.ts'
import { HnswGraph } from './graph.ts'

/**
 * Our own HNSW: a walk on codes of the vectors finds candidates, the store scores them exactly. Building and searching run on the
 * database's threads. What is not linked yet is scored exactly with every query; so is everything while that is faster.
 */
export class HnswEngine extends GraphEngine<HnswGraph> {
  readonly name = 'hnsw'
  readonly scans = true

  get codes(): CodesName | undefined {
    return this.graph.codes
  }

  protected newGraph(vectors: NativeStore, slots: Uint32Array): HnswGraph {
    return new HnswGraph(vectors, slots, this.host)
  }

  search(queries: readonly EngineQuery[], since: number, abort: AbortFlag | undefined): Promise<Answers> {
    return this.graph.search(queries, since, abort)
  }

  searchSync(queries: readonly EngineQuery[], since: number): Answers {
    return this.graph.searchSync(queries, since)
  }

  weigh(heads: NativeHeads): Promise<Float64Array> | undefined {
    return this.graph.weigh(heads)
  }

  weighSync(heads: NativeHeads): Float64Array | undefined {
    return this.graph.weighSync(heads)
  }
}
