/** A number in a table: three digits that count, thousands apart. */
export function show(value) {
  if (typeof value !== 'number') return String(value)
  return Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString('en-US')
    : String(Number(value.toPrecision(3)))
}

/** The last cells of a judged row: the value, what it should be, and whether it is. */
export function judged(value, relation, bound) {
  const met = relation === '≥' ? value >= bound : value <= bound
  return [value, `${relation} ${bound}`, met ? 'met' : 'missed']
}

export function printTable({ title, headings, rows }) {
  console.log(`\n### ${title}\n`)
  console.log(`| ${headings.join(' | ')} |`)
  console.log(`|${headings.map((_, column) => (column === 0 ? '---' : '---:')).join('|')}|`)
  for (const row of rows) console.log(`| ${row.map(show).join(' | ')} |`)
}
