import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const defaultFolder = fileURLToPath(new URL('./.cache/db', import.meta.url))

export const usage = `Search a catalogue of 3,201 real films by meaning.

  npm run demo                                        embed, store, search, recommend
  npm run demo -- --query "a heist in Las Vegas"      one search of your own
  node examples/films/demo.mjs [folder] [options]     the same without building first

  folder           where the database is kept (default: examples/films/.cache/db)
  --query <text>   print the ten films nearest to this text instead of the tour
  --help           print this text

The first run embeds the films, which takes about half a minute; later runs find them in the database.
An interrupted run (Ctrl-C) keeps what it stored, and the next one carries on from there.`

/**
 * @param {string[]} args the command line after the script's name
 * @returns {{ help: boolean, folder: string, query: string | undefined }}
 * @throws {TypeError} if an option is unknown, lacks its value, or more than one folder is named
 */
export function readArguments(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { query: { type: 'string' }, help: { type: 'boolean', default: false } },
  })
  if (positionals.length > 1) throw new TypeError(`One folder is expected, not ${positionals.length}.`)
  if (values.query?.trim() === '') throw new TypeError('--query needs a text to search for.')
  const folder = positionals[0] === undefined ? defaultFolder : resolve(positionals[0])
  return { help: values.help, folder, query: values.query }
}
