const genres = {
  Action: 'action film',
  Adventure: 'adventure film',
  'Concert/Performance': 'concert film',
  Horror: 'horror film',
  'Thriller/Suspense': 'thriller',
}

const styles = {
  'Historical Fiction': 'historical',
  Dramatization: 'true-life',
  'Kids Fiction': "children's",
  'Science Fiction': 'science fiction',
  'Super Hero': 'superhero',
  Fantasy: 'fantasy',
}

const sources = {
  'Based on Book/Short Story': 'based on a book',
  'Based on Real Life Events': 'based on real events',
  'Based on TV': 'based on a television series',
  'Based on Comic/Graphic Novel': 'based on a comic book',
  'Based on Play': 'based on a play',
  'Based on Game': 'based on a video game',
  'Traditional/Legend/Fairytale': 'based on a legend',
  'Based on Musical/Opera': 'based on a musical',
}

/**
 * A sentence about a film for the encoder to read. The data set has no plots, so the title carries most of the
 * meaning; values that say nothing about the content ("Contemporary Fiction", "Original Screenplay") are left out.
 */
export function describe({ title, genre, style, source }) {
  const kind = genres[genre] ?? genre?.toLowerCase() ?? 'film'
  const words = [styles[style], kind].filter(Boolean).join(' ')
  const article = /^[aeiou]/.test(words) ? 'an' : 'a'
  const origin = sources[source] ? `, ${sources[source]}` : ''
  return `${title}, ${article} ${words}${origin}`
}
