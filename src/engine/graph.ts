import type { AbortFlag, IndexFiles } from './engine.ts'

/** A graph over the slots of one store, and the slots that wait to be taken into it. */
export interface Graph {
  /** Dead ones included. */
  readonly nodes: number
  /** Slots that are still to be taken in. */
  readonly waiting: number
  /** Nodes that no file has. */
  readonly unsaved: number
  /** A walk for more candidates is slower than scoring all slots; 0 while any walk is. */
  readonly mostCandidates: number
  /** While it grows, at least so many are saved at a time. */
  readonly manyToSave: number
  /** Whether `advance` has something to do; too few slots are not worth a graph. */
  readonly behind: boolean
  /** Whether most nodes are dead, so that a walk mostly meets what it cannot return. */
  readonly worn: boolean

  /** False once the file it is mapped from was found to be damaged: what it is about is loaded anew, and this is of no use. */
  readonly sound: boolean
  /** Whether it is mapped from a file that is to be checked before anything else is done. */
  readonly unchecked: boolean
  /** Checks the file, until it is not sound, or all is checked. */
  check(): Promise<void>

  /** Slots that have come, or have got another vector: they wait. */
  put(slots: Uint32Array): void
  /** Slots that have gone. Unknown ones are passed over. */
  remove(slots: Uint32Array): void
  /** All that have a node or wait for one. */
  liveSlots(): Uint32Array

  /** Some milliseconds of the work it is behind with; not while `save` runs. */
  advance(): Promise<void>

  /** What is wrong with it in memory; undefined when nothing is, or nobody can tell. Rejects soon once it is told to stop. */
  fault(stop: AbortFlag): Promise<string | undefined>

  /** Ends `advance`, `check` and `load` soon: they may reject, and neither is called again. What it holds can be saved. */
  stop(): void

  /** Writes it as of a log position. Rejects when that fails, on a full disk for example. */
  save(files: IndexFiles, position: number): Promise<void>
  /** The saved one that is in force; undefined when there is none that can be used. Without it, a saved one is there from the beginning. */
  load?(files: IndexFiles): Promise<SavedGraph | undefined>
}

export interface SavedGraph {
  /** The log position it speaks of. */
  readonly position: number
  /** Makes it the content of the graph that loaded it, which is empty but for slots that wait; `changed` ones go on waiting. */
  adopt(changed: ReadonlySet<number>): void
}

/** Makes a graph that slots wait for. */
export type NewGraph<G extends Graph> = (slots: Uint32Array) => G
