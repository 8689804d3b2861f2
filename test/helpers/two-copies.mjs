/*
 * Run in a process of its own: loads the built package twice, every module of it, as development servers do, and prints
 * what the copies know of each other. Input: { folder }.
 */
import { register } from 'node:module'

/** Hands the query string of a module on to the modules of the package that it imports. */
const hook = `
  export async function resolve(specifier, context, next) {
    const resolved = await next(specifier, context)
    const { search } = new URL(context.parentURL ?? 'file:///')
    const ours = resolved.url.startsWith('file:') && resolved.url.includes('/dist/') && !resolved.url.includes('/node_modules/')
    return ours && search ? { ...resolved, url: resolved.url + search } : resolved
  }`
register(`data:text/javascript,${encodeURIComponent(hook)}`)

const { folder } = JSON.parse(process.argv[2])
const first = await import('../../dist/index.js?copy=1')
const second = await import('../../dist/index.js?copy=2')

const mine = await first.open(folder, { threads: 1 })
const refused = await codeOf(() => second.open(folder, { threads: 2 }))
const yours = await second.open(folder)
const myFilms = await mine.collection('films', { dimension: 1 })
const yourFilms = await yours.collection('films')
await myFilms.upsert({ id: 'a', vector: [1] })
const seen = yourFilms.querySync({ vector: [1], select: [] }).map(({ id }) => id)
await mine.close()
const closed = await codeOf(() => myFilms.size)
await yourFilms.upsert({ id: 'b', vector: [1] })
const written = yourFilms.size
await yours.close()
const again = await first.open(folder, { threads: 2 })
const reopened = (await again.collection('films')).size
await again.close()

const copies = new Set([first.open, second.open]).size
process.stdout.write(JSON.stringify({ copies, refused, seen, closed, written, reopened }))

async function codeOf(run) {
  try {
    await run()
  } catch (error) {
    return error.code
  }
}
