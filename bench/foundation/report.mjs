/** A number in a table: three digits that count, thousands apart. */
export function show(value) {
  if (typeof value !== 'number') return String(value)
  return Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString('en-US')
    : String(Number(value.toPrecision(3)))
}

const RELATIONS = {
  '≥': (value, bound) => value >= bound,
  '≤': (value, bound) => value <= bound,
  '<': (value, bound) => value < bound,
}

/** The last cells of a judged row: the value, what it should be, and whether it is. */
export function judged(value, relation, bound) {
  const met = RELATIONS[relation](value, bound)
  return [value, `${relation} ${bound}`, met ? 'met' : 'missed']
}

/** A table as Markdown, under its title. */
export function markdownOf({ title, headings, rows }) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  const rule = `|${headings.map((_, column) => (column === 0 ? '---' : '---:')).join('|')}|`
  return [`### ${title}`, '', line(headings), rule, ...rows.map((row) => line(row.map(show)))].join('\n')
}

export function printTable(table) {
  console.log(`\n${markdownOf(table)}`)
}
