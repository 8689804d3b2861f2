/*
 * Two kinds of picture, as text: a heat map, and lines over an axis. Nothing is measured; room for labels is given by who calls.
 */

const FONT = 'font-family="sans-serif" font-size="12" fill="#222"'
const COLOURS = ['#0b5fa5', '#c1440e', '#2f7d32', '#7b3fa0', '#8a6d00', '#444']

const escaped = (text) =>
  String(text).replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign])

const text = (x, y, content, more = '') => `<text x="${x}" y="${y}" ${more}>${escaped(content)}</text>`

function picture(title, width, height, parts) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ${FONT}>`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(10, 22, title, 'font-weight="bold"'),
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

/**
 * A cell for each value, darker for larger ones; those from 0.05 on are written into it.
 *
 * @param {{ title: string, rows: string[], columns: string[], values: number[][], rowRoom: number, columnRoom: number }} map
 *   `values` by row, 0 to 1; room for the labels in pixels
 */
export function heatMap({ title, rows, columns, values, rowRoom, columnRoom }) {
  const cell = 34
  const top = columnRoom + 40
  const parts = []
  columns.forEach((label, j) => {
    const x = rowRoom + cell * j + cell / 2
    parts.push(text(x, top - 8, label, `transform="rotate(-50 ${x} ${top - 8})"`))
  })
  rows.forEach((label, i) => {
    const y = top + cell * i
    parts.push(text(rowRoom - 8, y + cell / 2 + 4, label, 'text-anchor="end"'))
    columns.forEach((_, j) => {
      const value = values[i][j]
      const x = rowRoom + cell * j
      const fill = `fill="#0b5fa5" fill-opacity="${value.toFixed(3)}" stroke="#ddd"`
      parts.push(`<rect x="${x}" y="${y}" width="${cell}" height="${cell}" ${fill}/>`)
      if (value < 0.05) return
      const colour = value > 0.5 ? 'fill="#fff"' : ''
      parts.push(text(x + cell / 2, y + cell / 2 + 4, value.toFixed(2), `text-anchor="middle" ${colour}`))
    })
  })
  const width = rowRoom + cell * columns.length + columnRoom
  return picture(title, width, top + cell * rows.length + 20, parts)
}

/**
 * Lines through points, from 0 to 1 in y.
 *
 * @param {{ title: string, xLabel: string, yLabel: string, ticks: number[], logarithmic?: boolean,
 *   lines: { label: string, points: [number, number][], dashed?: boolean }[] }} chart `ticks` of x, the first and the last
 *   are its ends
 */
export function lineChart({ title, xLabel, yLabel, ticks, logarithmic = false, lines }) {
  const [width, height, left, top, right, bottom] = [720, 400, 60, 50, 170, 50]
  const scale = logarithmic ? Math.log : (value) => value
  const [least, most] = [scale(ticks[0]), scale(ticks.at(-1))]
  const x = (value) => left + ((scale(value) - least) / (most - least)) * (width - left - right)
  const y = (value) => top + (1 - value) * (height - top - bottom)
  const parts = [text(left - 50, top - 12, yLabel)]
  parts.push(text(x(ticks.at(-1)), height - 12, xLabel, 'text-anchor="end"'))
  for (const tick of ticks) {
    parts.push(text(x(tick), height - bottom + 18, tick.toLocaleString('en'), 'text-anchor="middle"'))
  }
  for (const tick of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    parts.push(text(left - 8, y(tick) + 4, tick, 'text-anchor="end"'))
    parts.push(`<path d="M${left} ${y(tick)}H${width - right}" stroke="#ddd"/>`)
  }
  lines.forEach(({ label, points, dashed }, i) => {
    const colour = COLOURS[i % COLOURS.length]
    const path = points.map(([a, b]) => `${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join('L')
    const dash = dashed ? ' stroke-dasharray="6 4"' : ''
    parts.push(`<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`)
    parts.push(text(width - right + 12, top + 18 * i + 4, label, `fill="${colour}"`))
  })
  return picture(title, width, height, parts)
}
