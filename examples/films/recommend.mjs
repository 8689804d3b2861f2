import { taste } from 'skalar'
import { formatCount, note, printMatches, shownFields, timed } from './print.mjs'
import { inventUsers } from './users.mjs'

const liked = ['the-matrix-1999', 'blade-runner-1982', 'the-terminator-1984']
const disliked = ['the-matrix-reloaded-2003']

/** Ratings lose half of their weight in so many milliseconds. */
const halfLife = 90 * 86_400_000

const users = 1_000

/** What to watch next: for someone who liked three films, for one invented person, and for a thousand of them at once. */
export async function recommend(films) {
  const [similar, time] = await timed(() =>
    films.recommend({ positive: liked, negative: disliked, k: 10, select: shownFields }),
  )
  const titlesOf = (ids) =>
    films
      .getMany(ids)
      .map(({ metadata }) => `“${metadata.title}”`)
      .join(', ')
  printMatches(`What to watch next for who liked ${titlesOf(liked)}, but not ${titlesOf(disliked)}`, similar)
  note('Recommended', time)

  const [spread, spreadTime] = await timed(() =>
    films.recommend({
      positive: liked,
      k: 10,
      diversity: 0.4,
      perGroup: { field: 'style', limit: 4 },
      select: shownFields,
    }),
  )
  printMatches('The same likes, with diversity 0.4 and at most four films of a type', spread)
  note('Recommended', spreadTime)
  await recommendToMany(films)
}

async function recommendToMany(films) {
  const all = []
  for await (const film of films.records({ includeVector: true })) all.push(film)
  const vectors = new Map(all.map(({ id, vector }) => [id, vector]))
  const people = inventUsers(all, users)

  const [wanted, tasteTime] = await timed(() => people.map((person) => requestOf(person, vectors)))
  const [lists, time] = await timed(async () => {
    const lists = []
    for await (const matches of films.recommendMany(wanted, { k: 5, select: shownFields }))
      lists.push(matches)
    return lists
  })
  for (const i of [0, 1]) {
    const { name, favourite, disliked, history } = people[i]
    printMatches(`For ${name}: likes ${favourite}, not ${disliked}; ${history.length} ratings`, lists[i])
  }
  note(`Made the tastes of ${formatCount(users)} invented people from their rating histories`, tasteTime)
  note(
    `Recommended five films to each: ${formatCount(Math.round((1000 * users) / time))} people a second`,
    time,
  )
  const hits = lists.map((list, i) => list.filter(({ metadata }) => metadata.genre === people[i].favourite))
  const share = hits.flat().length / lists.flat().length
  const chance = people.reduce((sum, { favourite }) => sum + shareOf(favourite, all), 0) / people.length
  const percent = (part) => `${(100 * part).toFixed(0)} %`
  note(
    `Of the favourite genre: ${percent(share)} of what was recommended; by chance it would be ${percent(chance)}`,
  )
}

const shareOf = (genre, all) => all.filter(({ metadata }) => metadata.genre === genre).length / all.length

/** Three stars count nothing, five count 2, one counts −2; what was rated is not recommended again. */
function requestOf({ history }, vectors) {
  const entries = history.map(({ id, stars, at }) => ({ vector: vectors.get(id), weight: stars - 3, at }))
  return { positive: [taste(entries, { halfLife, unit: true })], exclude: history.map(({ id }) => id) }
}
