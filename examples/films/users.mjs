/*
 * Rating histories of people who do not exist. The data set has films and what IMDb's users make of them on average, but nobody's own
 * ratings; so all of these are invented, from a seed: the same at each run. Each invented person has a favourite and a disliked
 * genre, and has rated some films of both, the favourite ones more often lately.
 */

const DAY = 86_400_000
const TODAY = Date.UTC(2026, 0, 1)
const FAVOURITES = 12
const DISLIKED = 4

function generator(seed) {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/**
 * @param {{ id: string, metadata: object }[]} films with genre, rating and votes in their metadata, where known
 * @param {number} count of people
 * @returns {{ name: string, favourite: string, disliked: string, history: { id: string, stars: number, at: Date }[] }[]}
 *   `stars` from 1 to 5; oldest first
 */
export function inventUsers(films, count) {
  const below = generator(15)
  const known = films.filter(({ metadata }) => metadata.votes > 10_000 && metadata.genre !== undefined)
  const byGenre = new Map()
  for (const film of known) {
    const { genre } = film.metadata
    byGenre.set(genre, [...(byGenre.get(genre) ?? []), film])
  }
  const genres = [...byGenre.keys()].filter((genre) => byGenre.get(genre).length >= 2 * FAVOURITES)
  return Array.from({ length: count }, (_, i) => {
    const favourite = genres[below(genres.length)]
    const disliked = genres.filter((genre) => genre !== favourite)[below(genres.length - 1)]
    const rated = (genre, films, stars, days) =>
      Array.from({ length: films }, () => ({
        id: byGenre.get(genre)[below(byGenre.get(genre).length)].id,
        stars: stars + below(2),
        at: new Date(TODAY - DAY * below(days)),
      }))
    const history = [...rated(favourite, FAVOURITES, 4, 200), ...rated(disliked, DISLIKED, 1, 1_000)]
    return {
      name: `invented person ${i + 1}`,
      favourite,
      disliked,
      history: history.sort((a, b) => a.at - b.at),
    }
  })
}
