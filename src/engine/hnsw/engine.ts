import type { NativeGeneration, NativeHeads, NativeStore } from '../../native.ts'
import type { CodesName } from '../../types.ts'
import type { Answers } from '../answers.ts'
import type { AbortFlag, EngineQuery } from '../engine.ts'
import { GraphEngine } from '../graph-engine.ts'
import { HnswGraph } from './graph.ts'

/**
 * Our own HNSW: a walk on codes of the vectors finds candidates, the store scores them exactly. Building and searching run on the
 * database's threads. By a Mahalanobis distance the codes are of images of the vectors (`native/score/whitened.h`). What is not linked yet is scored exactly with every query; so is everything while that is faster.
 */
export class HnswEngine extends GraphEngine<HnswGraph> {
  readonly name = 'hnsw'

  /** Codes of images tell nothing of other metrics than their own. */
  get scans(): boolean {
    return this.host.options.metric !== 'mahalanobis'
  }

  get codes(): CodesName | undefined {
    return this.graph.codes
  }

  protected newGraph(vectors: NativeStore, slots: Uint32Array): HnswGraph {
    return new HnswGraph(vectors, slots, this.host)
  }

  protected override openGraph(
    vectors: NativeStore,
    generation: NativeGeneration | undefined,
  ): HnswGraph | undefined {
    if (generation === undefined) return undefined
    const graph = new HnswGraph(vectors, new Uint32Array(), this.host)
    return graph.open(generation) ? graph : undefined
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
