/** Neighbours of a new node, unless `index.M` says otherwise. */
export const DEFAULT_M = 16

/** Candidates considered for them, unless `index.efConstruction` does. */
export const DEFAULT_EF_CONSTRUCTION = 200

/** What the graph of engine `hnsw` ranks by, unless `index.codes` does. */
export const DEFAULT_CODES = 'auto'

/** Candidates a query considers, unless its `ef` does. */
export const DEFAULT_EF = 100

/** With fewer slots there is no graph: a scan is faster, and many small collections cost nothing. */
export const FEWEST_SLOTS = 2_000

/** With fewer new nodes a file is not worth writing. */
export const FEWEST_TO_SAVE = 500
