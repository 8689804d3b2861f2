/** The longest a detail is in the report: enough for the top of a stack. */
const DETAIL = 900

/** One line for each attack and outcome. */
export function tableOf(results) {
  const rows = results.flatMap(({ name, rounds, ms, counts, faults }) => {
    const bad = new Map()
    for (const { outcome, seed } of faults) bad.set(outcome, [...(bad.get(outcome) ?? []), seed])
    const sorted = [...counts].sort(([a], [b]) => bad.has(a) - bad.has(b) || a.localeCompare(b))
    return sorted.map(([outcome, count], i) => {
      const seeds = bad.get(outcome)
      const where = seeds === undefined ? '' : `${seeds.length} rounds: ${seeds.slice(0, 4).join(', ')}`
      return [
        i === 0 ? name : '',
        i === 0 ? `${rounds} in ${Math.round(ms / 1000)} s` : '',
        outcome,
        count,
        where,
      ]
    })
  })
  return [['attack', 'rounds', 'outcome', 'count', 'faults, with seeds'], ...rows]
}

export function asText(table) {
  const widths = table[0].map((_, i) => Math.min(90, Math.max(...table.map((row) => String(row[i]).length))))
  return table
    .map((row) =>
      row
        .map((cell, i) => (i === 3 ? `${cell}`.padStart(widths[i]) : `${cell}`.padEnd(widths[i])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The whole report in Markdown. */
export function reportOf(results, { seed, rounds, seconds }) {
  const [head, ...rows] = tableOf(results)
  const line = (cells) =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  const sections = [
    '# Attacks',
    `Seed ${seed}, ${rounds} rounds of each, soaks of ${seconds} s; Node ${process.version}, ${process.platform} ${process.arch}.`,
    results.map(({ name, tries }) => `- **${name}**: ${tries}`).join('\n'),
    [line(head), '|---|---|---|---:|---|', ...rows.map(line)].join('\n'),
  ]
  const faults = results.flatMap(({ name, faults }) =>
    firstOfEach(faults).map((fault) => ({ name, ...fault })),
  )
  if (faults.length > 0) sections.push('## Faults, the first of each')
  for (const { name, seed, outcome, detail } of faults) {
    const again = `node test/attack/run.mjs --only ${name} --rounds 1 --seed ${seed}`
    sections.push(`**${name}: ${outcome}**\n\n    ${again}\n\n\`\`\`\n${detail.slice(-DETAIL)}\n\`\`\``)
  }
  return `${sections.join('\n\n')}\n`
}

function firstOfEach(faults) {
  const seen = new Map()
  for (const fault of faults) if (!seen.has(fault.outcome)) seen.set(fault.outcome, fault)
  return [...seen.values()]
}
